package xmlexport

// class says what is kept of the objects of one class of entities.xml. Everything that no class names here is passed over
// unread: that is what keeps passwords, tokens and settings of a site backup out of the scratch index.
type class struct {
	code   int64
	group  string         // objects of one group share one id space
	wanted map[string]int // property -> slot
	lists  map[string]int // collection -> kind of listing
	body   string         // property that goes to the body file
	row    func(*loader, *object) error
}

// Codes of the classes that share the id space of contents.
const (
	classPage int64 = iota + 1
	classBlogPost
	classComment
	classAttachment
	classSpaceDescription
	classDraft
	classCustom
	classOther
)

// Slots of an object's wanted properties. Two names of one thing in two generations have slots of their own where the
// newer wins, and share one where only one can occur.
const (
	slotTitle = iota
	slotSpace
	slotParent
	slotOriginal
	slotOriginalID
	slotContainer
	slotOldContainer
	slotStatus
	slotPosition
	slotCreator
	slotModifier
	slotCreatorName
	slotModifierName
	slotCreated
	slotModified
	slotVersion
	slotOldVersion
	slotComment
	slotOldComment
	slotMedia
	slotSize
	slotName
	slotKey
	slotType
	slotContent
	slotValue
	slotLong
	slotNamespace
	slotLabel
	slotTemplate
	slotSet
	slotUser
	slotUserName
	slotGroup
	slotAll
	slotHome
	slotDescription
	slotEmail
	slotDisplay
	slotActive
	slots
)

// Kinds of listings: collections of a parent that name its children. They are a second source, used where a child does
// not name its parent, and they tell which children are missing.
const (
	listBodies = iota + 1
	listComments
	listAttachments
	listProperties
	listLabellings
	listPermissionSets
	listPermissions
	listVersions
	listTemplates
	lists
)

var contentLists = map[string]int{
	"bodyContents": listBodies, "comments": listComments, "attachments": listAttachments,
	"labellings": listLabellings, "contentPermissionSets": listPermissionSets, "historicalVersions": listVersions,
}

var fileLists = map[string]int{"contentProperties": listProperties, "labellings": listLabellings, "comments": listComments}

var commentLists = map[string]int{"bodyContents": listBodies, "contentProperties": listProperties, "comments": listComments,
	"attachments": listAttachments, "labellings": listLabellings}

// dated are the properties that every content has.
func dated(more map[string]int) map[string]int {
	all := map[string]int{
		"title": slotTitle, "space": slotSpace, "originalVersion": slotOriginal, "originalVersionId": slotOriginalID,
		"contentStatus": slotStatus, "creator": slotCreator, "lastModifier": slotModifier, "creatorName": slotCreatorName,
		"lastModifierName": slotModifierName, "creationDate": slotCreated, "lastModificationDate": slotModified,
		"version": slotVersion, "versionComment": slotComment, "parent": slotParent, "containerContent": slotContainer,
	}
	for name, slot := range more {
		all[name] = slot
	}
	return all
}

// classes is the list of what is read, by the class attribute of an object.
var classes = map[string]*class{
	"Page":     {code: classPage, group: "content", wanted: dated(map[string]int{"position": slotPosition}), lists: contentLists, row: contentRow},
	"BlogPost": {code: classBlogPost, group: "content", wanted: dated(nil), lists: contentLists, row: contentRow},
	"Comment": {code: classComment, group: "content", wanted: dated(map[string]int{"owner": slotOldContainer}),
		lists: commentLists, row: contentRow},
	"Attachment": {code: classAttachment, group: "content", wanted: dated(map[string]int{"fileName": slotName, "contentType": slotMedia,
		"fileSize": slotSize, "comment": slotOldComment, "attachmentVersion": slotOldVersion, "content": slotOldContainer}),
		lists: fileLists, row: contentRow},
	"SpaceDescription":          {code: classSpaceDescription, group: "content", wanted: dated(nil), lists: contentLists, row: contentRow},
	"Draft":                     {code: classDraft, group: "content", wanted: dated(nil), lists: contentLists, row: contentRow},
	"CustomContentEntityObject": {code: classCustom, group: "content", wanted: dated(nil), lists: contentLists, row: contentRow},
	"GlobalDescription":         {code: classOther, group: "content", wanted: dated(nil), lists: contentLists, row: contentRow},
	"PersonalInformation":       {code: classOther, group: "content", wanted: map[string]int{}, lists: contentLists, row: contentRow},
	"Space": {group: "Space", row: spaceRow, lists: map[string]int{"pageTemplates": listTemplates}, wanted: map[string]int{
		"name": slotName, "key": slotKey, "spaceType": slotType, "spaceStatus": slotStatus, "homePage": slotHome,
		"description": slotDescription, "creator": slotCreator, "creatorName": slotCreatorName, "creationDate": slotCreated}},
	"BodyContent": {group: "BodyContent", row: bodyRow, body: "body", wanted: map[string]int{"bodyType": slotType, "content": slotContent}},
	"ContentProperty": {group: "ContentProperty", row: propertyRow, wanted: map[string]int{"name": slotName, "content": slotContent,
		"stringValue": slotValue, "longValue": slotLong}},
	"Label": {group: "Label", row: labelRow, wanted: map[string]int{"name": slotName, "namespace": slotNamespace}},
	"Labelling": {group: "Labelling", row: labellingRow, wanted: map[string]int{"label": slotLabel, "content": slotContent,
		"pageTemplate": slotTemplate}},
	"ContentPermissionSet": {group: "ContentPermissionSet", row: permissionSetRow, lists: map[string]int{"contentPermissions": listPermissions},
		wanted: map[string]int{"type": slotType, "owningContent": slotContent}},
	"ContentPermission": {group: "ContentPermission", row: permissionRow, wanted: map[string]int{"owningSet": slotSet, "type": slotType,
		"userSubject": slotUser, "userName": slotUserName, "groupName": slotGroup}},
	"SpacePermission": {group: "SpacePermission", row: spacePermissionRow, wanted: map[string]int{"type": slotType, "space": slotSpace,
		"userSubject": slotUser, "userName": slotUserName, "group": slotGroup, "allUsersSubject": slotAll}},
	"PageTemplate": {group: "PageTemplate", row: templateRow, wanted: map[string]int{"name": slotName, "space": slotSpace}},
	"ConfluenceUserImpl": {group: "ConfluenceUserImpl", row: userRow, wanted: map[string]int{"name": slotName, "lowerName": slotKey,
		"email": slotEmail, "atlassianAccountId": slotValue}},
	"InternalUser": {group: "InternalUser", row: accountRow, wanted: map[string]int{"name": slotName, "lowerName": slotKey,
		"displayName": slotDisplay, "emailAddress": slotEmail, "active": slotActive}},
	"DefaultHibernateUser": {group: "DefaultHibernateUser", row: accountRow, wanted: map[string]int{"name": slotName, "lowerName": slotKey,
		"fullName": slotDisplay, "email": slotEmail}},
	"InternalGroup":         {group: "InternalGroup", row: groupRow, wanted: map[string]int{"name": slotName, "lowerName": slotKey}},
	"DefaultHibernateGroup": {group: "DefaultHibernateGroup", row: groupRow, wanted: map[string]int{"name": slotName, "lowerName": slotKey}},
	"ConfluenceBandanaRecord": {group: "ConfluenceBandanaRecord", row: settingRow, wanted: map[string]int{"context": slotType,
		"key": slotKey, "value": slotValue}},
}

// wantedProperties are the ContentProperty names that are kept.
var wantedProperties = map[string]bool{
	"inline-comment": true, "actualCommentType": true, "inline-marker-ref": true, "inline-original-selection": true,
	"status": true, "FILESIZE": true, "MEDIA_TYPE": true, "MINOR_EDIT": true,
}
