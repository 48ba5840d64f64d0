package emulator

import "net/http"

// createCommentDC creates a comment on a page, blog post or attachment, or a reply to one (register row CO-01).
func createCommentDC(c *call, q *contentRequest) (answer, error) {
	if q.Container == nil || q.Container.ID == "" {
		return answer{}, invalid("Container is required for comments")
	}
	on, err := c.liveDC(string(q.Container.ID))
	if err != nil {
		return answer{}, err
	}
	if !on.space.allowed(c.user, "create", "comment") {
		return answer{}, notAllowed("Could not create content with type comment")
	}
	var replyTo *content
	if len(q.Ancestors) > 0 {
		if replyTo, err = c.liveDC(string(q.Ancestors[len(q.Ancestors)-1].ID)); err != nil || replyTo.kind != comment || replyTo.parent != on {
			return answer{}, invalid("The parent comment does not belong to the container")
		}
	}
	m := c.newComment(on, replyTo, q.sent.text, replyTo != nil && replyTo.more.remark.inline)
	return c.answerDC(m.now())
}

// updateCommentDC changes the body of a comment.
func updateCommentDC(c *call, m *content, q *contentRequest) (answer, error) {
	if m.more.remark.dangling {
		return answer{}, fail(http.StatusBadRequest, "", "A dangling comment cannot be updated")
	}
	c.commit(m, q.Version.Message, q.Version.Minor)
	if q.sent.given {
		m.body = c.heap.putText(q.sent.text)
	}
	c.touch(m)
	return c.answerDC(m.now())
}
