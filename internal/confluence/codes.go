package confluence

import "slices"

// Entry is one row of the register of error codes.
type Entry struct {
	Code    Code
	Class   Class
	Exit    int    // exit code of a command that ends with it
	Meaning string // what it says, in general
	Cause   string // what usually is behind it
	Remedy  string // what to do
}

// The codes. Ranges by subject: 1000 usage, 1500 data directory, 2000 sites, 3000 plans and runs, 4000 refusals, 5100
// unusable answers and unknown outcomes, 6000 brakes, conflicts and pairs, 7000 findings, 7600 exports, 8000 parity,
// 9000 audit and own faults.
const (
	CodeUsage           Code = "T-1001"
	CodeNeedsAnswer     Code = "T-1002"
	CodeBadFile         Code = "T-1003"
	CodeNoSuchName      Code = "T-1004"
	CodeAPIToken        Code = "T-1005"
	CodeDataDirOwned    Code = "T-1501"
	CodeSchemaNewer     Code = "T-1502"
	CodeStateDamaged    Code = "T-1503"
	CodeKeyFile         Code = "T-1504"
	CodeUnreachable     Code = "T-2001"
	CodeNotConfluence   Code = "T-2002"
	CodePlainHTTP       Code = "T-2003"
	CodeCredential      Code = "T-2004"
	CodeWrongUser       Code = "T-2005"
	CodeOtherSite       Code = "T-2006"
	CodeNotCapable      Code = "T-2007"
	CodeReadOnlySite    Code = "T-2008"
	CodeBlindAccount    Code = "T-2009"
	CodeCheckBlocks     Code = "T-3101"
	CodeKeyTaken        Code = "T-3102"
	CodeOtherMigration  Code = "T-3103"
	CodeNotSealed       Code = "T-3107"
	CodeStale           Code = "T-3108"
	CodeBodyRefused     Code = "T-4001"
	CodeTitleTaken      Code = "T-4002"
	CodeRefused         Code = "T-4003"
	CodeForbidden       Code = "T-4030"
	CodeNotThere        Code = "T-4040"
	CodeVersionMoved    Code = "T-4090"
	CodeTooLarge        Code = "T-4130"
	CodeLimited         Code = "T-4290"
	CodeSiteFails       Code = "T-5000"
	CodeUnusableAnswer  Code = "T-5101"
	CodeUnknownOutcome  Code = "T-5201"
	CodeBrake           Code = "T-6001"
	CodeConflict        Code = "T-6101"
	CodePairState       Code = "T-6201"
	CodePairTaken       Code = "T-6202"
	CodeIllFormedBody   Code = "T-7001"
	CodeBodyDiffers     Code = "T-7002"
	CodeDeadReference   Code = "T-7101"
	CodeUserUnmapped    Code = "T-7102"
	CodeFileMissing     Code = "T-7201"
	CodeDuplicateFile   Code = "T-7202"
	CodeCommentNotMoved Code = "T-7301"
	CodeReaderUnmapped  Code = "T-7401"
	CodeTitleChanged    Code = "T-7501"
	CodeOrderNotWritten Code = "T-7502"
	CodeLabelNotWritten Code = "T-7503"
	CodeTargetEdited    Code = "T-7504"
	CodeParentFailed    Code = "T-7505"
	CodeSourceGone      Code = "T-7506"
	CodeSourceEdited    Code = "T-7507"
	CodeNoExport        Code = "T-7601"
	CodeExportDefect    Code = "T-7602"
	CodeParityDiffers   Code = "T-8001"
	CodeAuditBroken     Code = "T-9001"
	CodeInternal        Code = "T-9002"
)

// Register lists every code once, sorted. `tandem doctor --explain CODE`, the API and docs/errors.md read it.
var Register = []Entry{
	{CodeUsage, ClassInvalid, 2, "unknown or contradictory flag or setting", "the command line, environment or configuration file asks for something that does not exist or does not fit together", "read the message, or run the command with --help"},
	{CodeNeedsAnswer, ClassInvalid, 2, "an answer is needed and standard input is no terminal", "a command that asks a question ran in a script", "give the answer with the flag the message names"},
	{CodeBadFile, ClassInvalid, 2, "a file is not what it should be", "wrong file, or a mistake at the line and column named", "correct the file there and try again; nothing was changed"},
	{CodeNoSuchName, ClassNotFound, 2, "no site, plan, run, pair or conflict of that name", "a typing mistake, another data directory, or it was removed", "list what there is: tandem site list, tandem plan list, tandem run status"},
	{CodeAPIToken, ClassUnauthorized, 8, "the server refuses the caller", "the token of the server is missing, wrong, or of an earlier start; or a browser sent the call for another page", "name the token file with --token-file; the server keeps it in its data directory"},
	{CodeDataDirOwned, ClassConflict, 2, "the data directory is owned by another process", "another tandem runs on it", "use that one (its address is in the message), or stop it"},
	{CodeSchemaNewer, ClassUnsupported, 1, "the state was written by a newer tandem", "this binary is older than the data directory", "install the newer version; nothing was changed"},
	{CodeStateDamaged, ClassInternal, 1, "the state is damaged, or the disk is full", "a failing disk, a full disk, or a file changed by hand", "free space, or restore a copy of the data directory; sites are not affected"},
	{CodeKeyFile, ClassUnauthorized, 8, "the key file is missing, wrong, or readable by others", "it was moved, replaced, or its mode is not 0600", "put the right key file back, with mode 0600"},
	{CodeUnreachable, ClassUnavailable, 9, "the site cannot be reached", "wrong address, network, name resolution or certificate", "open the address from this machine; then run tandem site test"},
	{CodeNotConfluence, ClassInvalid, 2, "the address is no Confluence", "a proxy, a login page or another product answered", "give the base address of the site, for Cloud https://NAME.atlassian.net/wiki"},
	{CodePlainHTTP, ClassInvalid, 2, "plain http to a host that is not loopback", "the credential would travel unprotected", "use https"},
	{CodeCredential, ClassUnauthorized, 8, "the credential was refused, has expired or was revoked", "the token ended, or belongs to another site", "make a new token and run tandem site rotate NAME; the run goes on with tandem run resume"},
	{CodeWrongUser, ClassUnauthorized, 8, "the site answers as to another user, or to nobody", "the token was replaced by another account's, or anonymous access hides a dead token", "check the account with tandem site test"},
	{CodeOtherSite, ClassConflict, 7, "the site is not the one the plan or pair is bound to", "the address now leads to another site, or the export file was replaced", "if that is intended, edit the plan and name the new source or destination"},
	{CodeNotCapable, ClassUnsupported, 2, "the site's version or a capability is missing for this", "older version, or a feature that this site does not have", "see the message for what is missing and the way around"},
	{CodeReadOnlySite, ClassForbidden, 8, "the site is switched read-only", "an admin blocked writes of tandem to it", "tandem site readonly NAME off --reason …"},
	{CodeBlindAccount, ClassForbidden, 8, "the account cannot see or write what the plan needs", "missing permission, or restricted content hidden from it", "give tandem's account the permission named"},
	{CodeCheckBlocks, ClassInvalid, 3, "a check blocks", "a fact about source or destination stands in the way", "tandem plan check NAME shows which and what to do"},
	{CodeKeyTaken, ClassExists, 4, "the space key is taken at the destination", "a space of that key exists there that tandem did not make", "choose another target key: --space KEY:TARGETKEY"},
	{CodeOtherMigration, ClassConflict, 0, "the space is being imported by another migration", "a second run works on the same source space and destination", "wait for the other run"},
	{CodeNotSealed, ClassConflict, 7, "the plan was edited after its seal", "someone changed it after the review", "preview it and seal it again"},
	{CodeStale, ClassConflict, 7, "a digest or a source version is stale", "something changed since it was reviewed", "preview it again"},
	{CodeBodyRefused, ClassInvalid, 4, "the site refused a body as malformed", "the body breaks a rule of the site's storage format", "correct the page at the source and retry; the finding names the place"},
	{CodeTitleTaken, ClassExists, 4, "the title is taken", "another content of the space has it, perhaps an archived or trashed one", "rename or purge the other content and retry"},
	{CodeRefused, ClassInvalid, 4, "the site refused a change", "the answer is quoted in the cause", "correct what the cause names and retry"},
	{CodeForbidden, ClassForbidden, 8, "refused by permission", "tandem's account may not do this there", "give the account the permission and retry"},
	{CodeNotThere, ClassNotFound, 4, "not there, or not visible to tandem's account", "deleted, moved, restricted, or the credential is no longer accepted", "look at the content in the browser with tandem's account"},
	{CodeVersionMoved, ClassConflict, 4, "the version has moved, after three tries", "somebody is editing the same content", "retry later"},
	{CodeTooLarge, ClassInvalid, 4, "too large for the site", "a body or file beyond the site's limit", "raise the limit of the site, or split the content"},
	{CodeLimited, ClassLimited, 9, "rate limited", "the site asked for fewer requests", "nothing: tandem waits as long as the site says; lower --concurrent if it happens often"},
	{CodeSiteFails, ClassUnavailable, 9, "the site fails, after retries", "an outage or an overloaded site", "wait until the site is well, then tandem run resume"},
	{CodeUnusableAnswer, ClassUnavailable, 9, "an answer is HTML, cut off or no JSON", "a proxy, login or maintenance page between tandem and the site", "open the site in a browser from this machine, then tandem run resume"},
	{CodeUnknownOutcome, ClassUnavailable, 4, "the outcome of a write is unknown and could not be probed yet", "the answer was lost and the site cannot be asked", "tandem run resume: the write is looked for before it is sent again"},
	{CodeBrake, ClassConflict, 10, "halted by a brake", "what was about to happen looks like an accident", "look at the reason, then allow it or correct the cause"},
	{CodeConflict, ClassConflict, 5, "both sides were edited and there is no lossless answer", "two people changed the same thing", "settle the conflict"},
	{CodePairState, ClassConflict, 2, "the pair is not in a state for this", "it is a draft, paused, halted or retired", "tandem pair show NAME says how it stands and what comes next"},
	{CodePairTaken, ClassExists, 2, "a pair of that name, or of those spaces, exists", "one space is kept equal with one other of a site at most", "list what there is: tandem pair list"},
	{CodeIllFormedBody, ClassInvalid, 4, "a body is ill-formed and is kept as it is, or refused", "the source holds a body that breaks its own format", "correct the page at the source and retry"},
	{CodeBodyDiffers, ClassInvalid, 4, "the site stored another text than it was sent", "a rule of the site's storage format changed the body", "compare both in the report; the source is untouched"},
	{CodeDeadReference, ClassNotFound, 4, "a reference leads to nothing that is part of the migration", "its target is missing, or in a space that is not in the plan", "migrate the target's space too and run the plan again"},
	{CodeUserUnmapped, ClassNotFound, 4, "a mentioned user is not mapped", "the people file has no account for this user", "add the user to the people file and run the plan again"},
	{CodeFileMissing, ClassNotFound, 4, "an attachment's file is missing at the source", "the export or the site lists it but holds no bytes", "upload the file at the source, or accept the loss"},
	{CodeDuplicateFile, ClassExists, 4, "a second attachment of one name on one page", "old versions of Confluence allowed it; names differ only in case", "it arrived under the name in the finding"},
	{CodeCommentNotMoved, ClassUnsupported, 4, "a comment is not carried", "inline comments and comments on attachments are not carried yet", "it stays readable at the source; the finding names the page"},
	{CodeReaderUnmapped, ClassNotFound, 4, "a reader of a restriction cannot be mapped", "the people file has no account for this user, or the group does not exist", "the restriction was written without that reader, never wider; map it and run the plan again"},
	{CodeTitleChanged, ClassExists, 4, "a content arrived with another title", "the source has none, or two contents share it", "rename it at the destination if you like; links were adapted"},
	{CodeOrderNotWritten, ClassUnsupported, 4, "the order of some pages could not be written", "the site has no way to order pages at the root of a space", "order them by hand in the page tree"},
	{CodeLabelNotWritten, ClassUnsupported, 4, "a label could not be carried", "personal labels belong to their owner, and some characters are refused by the destination", "add it by hand if it is needed"},
	{CodeTargetEdited, ClassConflict, 4, "a content was edited at the destination since it was migrated and is left as it is", "somebody worked on the migrated page", "compare both, then carry over by hand what is missing"},
	{CodeParentFailed, ClassInvalid, 4, "not tried, because what it belongs to failed", "see the finding of the parent or page", "correct that one; retry does both"},
	{CodeSourceGone, ClassNotFound, 4, "a content that was migrated is no longer at the source", "it was deleted or moved there", "delete it at the destination by hand if that is wanted; tandem does not"},
	{CodeSourceEdited, ClassConflict, 0, "a content was edited at the source after it had been read", "people go on working at the source while a run is under way", "run the plan again: it carries what is new, and nothing else"},
	{CodeNoExport, ClassInvalid, 2, "no XML export, or a hostile archive", "an HTML or PDF export, a damaged file, or a file made to do harm", "make a full XML export of the space and use that"},
	{CodeExportDefect, ClassInvalid, 4, "an object of the export is defective", "real exports miss objects, files or references", "the finding says how it was dealt with"},
	{CodeParityDiffers, ClassConflict, 6, "source and destination are not equal", "see the differing leaves", "tandem verify show NAME lists them; the space stays private until they are equal or accepted"},
	{CodeAuditBroken, ClassConflict, 7, "the audit chain is broken at a record", "a record was changed after it was written", "keep the file and ask who had access"},
	{CodeInternal, ClassInternal, 1, "an error that tandem did not expect", "a fault of tandem", "report it with the message; everything done so far is recorded and the run can be resumed"},
}

// Lookup returns the register's row of a code; an unknown code gets the row of CodeInternal.
func Lookup(code Code) Entry {
	i, ok := slices.BinarySearchFunc(Register, code, func(e Entry, c Code) int {
		switch {
		case e.Code < c:
			return -1
		case e.Code > c:
			return 1
		}
		return 0
	})
	if !ok {
		i = len(Register) - 1
	}
	return Register[i]
}
