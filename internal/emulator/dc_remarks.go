package emulator

// createCommentDC creates a comment on a page, blog post or attachment, or a reply to one (register row CO-01).
func createCommentDC(c *call, q *contentRequest) (answer, error) {
	if q.Container == nil || q.Container.ID == "" {
		return answer{}, invalid("Container is required for comments")
	}
	on, err := c.liveDC(string(q.Container.ID))
	if err != nil {
		return answer{}, err
	}
	var replyTo *content
	if len(q.Ancestors) > 0 {
		if replyTo, err = c.liveDC(string(q.Ancestors[len(q.Ancestors)-1].ID)); err != nil || replyTo.kind != comment {
			return answer{}, invalid("The parent comment does not belong to the container")
		}
	}
	if !q.sent.given {
		return answer{}, invalid("A comment must have a body")
	}
	m, err := c.commentDC(on, replyTo, q.sent.text, q.Extensions)
	if err != nil {
		return answer{}, err
	}
	return c.answerDC(m.now())
}

// updateCommentDC changes the body of a comment, which must still have its place (register row CO-06).
func updateCommentDC(c *call, m *content, q *contentRequest) (answer, error) {
	if m.more.remark.dangling {
		return answer{}, invalid("A dangling comment cannot be updated")
	}
	c.commit(m, q.Version.Message, q.Version.Minor)
	if q.sent.given {
		m.body = c.heap.putText(q.sent.text)
	}
	c.touch(m)
	return c.answerDC(m.now())
}
