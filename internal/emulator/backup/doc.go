// Package backup writes what Confluence writes when asked for an XML export: a zip with entities.xml,
// exportDescriptor.properties and the files of attachments. It exists for tests, the demo and the benchmarks, and shares
// nothing with the reader it is read by.
//
// Three generations are written. [New] is the backup of Data Center 8.3 and later: objects in the order in which they
// depend on each other, references from child to parent only, empty properties left out. [Old] is what Server and Cloud
// write: any order, references both ways, empty properties present. [Ancient] is Old as it was before 5.3: users by name,
// comments with an owner, attachments with their facts in properties of their own.
//
// New streams: a [Writer] holds one object and a line per attached file. Old and Ancient hold the whole document, because
// they shuffle it. The same calls with the same options give the same bytes.
package backup
