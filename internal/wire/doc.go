// Package wire is what the APIs of both products have in common: how a call is written, how an id and a time look in an
// answer, what a refusal says, and when it is to be believed.
//
// It knows no route. What a call means, and what only one product does, stands in that product's connector.
package wire
