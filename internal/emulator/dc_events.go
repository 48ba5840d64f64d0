package emulator

import (
	"slices"
	"strings"
)

// hookEvents are the events that a webhook can ask for (dc-api.md section 11).
var hookEvents = strings.Fields(`attachment_created attachment_removed attachment_restored attachment_trashed attachment_updated
	blog_created blog_removed blog_restored blog_trashed blog_updated blueprint_page_created
	comment_created comment_removed comment_updated content_created content_permissions_updated content_restored
	content_trashed content_updated group_created group_removed label_added label_created label_deleted label_removed
	page_children_reordered page_created page_moved page_removed page_restored page_trashed page_updated
	relation_created relation_deleted space_created space_logo_updated space_permissions_updated space_removed
	space_updated theme_enabled user_created user_deactivated user_followed user_reactivated user_removed`)

// happening is something that happened during a call and that webhooks tell.
type happening struct {
	event string
	body  object   // what the payload has besides time, event and user
	on    *content // what it is about, for the generation with full objects; may be nil
}

// eventNames say how a content is called in the names of events and in payloads; the kinds without a name have no events.
var eventNames = map[kind]string{page: "page", blogPost: "blog", comment: "comment", attachment: "attachment"}

// happens notes what happened to a content. verb is the second part of the event's name.
func (s *Site) happens(on *content, verb string) {
	name := eventNames[on.kind]
	if !s.listens() || name == "" || on.status == draft {
		return
	}
	s.raise(name+"_"+verb, object{name: object{"id": on.id}}, on)
}

// moves notes that a page stands under another parent. Ids are numbers; the root of a space has none.
func (s *Site) moves(p, from *content) {
	if !s.listens() || p.kind != page || p.parent == from {
		return
	}
	body := object{"page": object{"id": p.id}}
	if from != nil {
		body["oldParent"] = object{"id": from.id}
	}
	if p.parent != nil {
		body["newParent"] = object{"id": p.parent.id}
	}
	s.raise("page_moved", body, p)
}

// raise keeps an event for the end of the call; the lock must be held for writing.
func (s *Site) raise(event string, body object, on *content) {
	if s.listens() {
		s.happened = append(s.happened, happening{event, body, on})
	}
}

// listens reports whether anybody could be told; a site without webhooks notes nothing.
func (s *Site) listens() bool { return s.instance != nil && len(s.instance.hooks) > 0 }

// labelHappens notes a label that was put on a content or taken off.
func (s *Site) labelHappens(on *content, l *label, event string) {
	if s.listens() && eventNames[on.kind] != "" {
		s.raise(event, object{"label": object{"prefix": l.prefix, "name": l.name, "id": l.id}, eventNames[on.kind]: object{"id": on.id}}, on)
	}
}

// dispatch hands what happened during the call to the webhooks that asked for it (register rows WH-02, WH-08: own writes
// are told as well). The lock must be held.
func (c *call) dispatch() {
	if len(c.happened) == 0 {
		return
	}
	happened := c.happened
	c.happened = nil
	at := c.stamp()
	for _, h := range happened {
		body := object{"timestamp": int64(at), "event": h.event}
		if !c.anonymous() {
			body["userKey"] = c.user.key
		}
		for name, value := range h.body {
			body[name] = value
		}
		if c.set.fullHooks && h.on != nil && c.world.contents[h.on.id] == h.on {
			name := eventNames[h.on.kind]
			body[name] = c.fullContent(h.on)
		}
		data := encode(body)
		for _, hook := range c.instance.hooks {
			if hook.active && slices.Contains(hook.events, h.event) {
				c.tell(hook, h.event, data)
			}
		}
	}
}

// fullContent is a content as the older generation of payloads held it (register row WH-06).
func (c *call) fullContent(p *content) object {
	o := object{
		"id": p.id, "title": p.title, "spaceKey": p.space.key, "version": p.number(), "creationDate": int64(p.created),
		"modificationDate": int64(p.last.at), "creatorKey": p.creator.key, "lastModifierKey": p.last.by.key,
		"self": c.base() + "/rest/api/content/" + p.idText(),
	}
	if p.kind == page && p.parent != nil {
		o["parent"] = object{"id": p.parent.id, "title": p.parent.title}
	}
	return o
}
