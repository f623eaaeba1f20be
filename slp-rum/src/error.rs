//! Kinds of errors. Spec: rum, "Reader tolerances and refusals".

slp_model::error_type! {
    /// Why a document, or one item in it, was refused.
    ///
    /// [`is_fatal`](Error::is_fatal) tells the scope: a fatal error ends the document (what was read before it stands),
    /// any other one costs only the report that it names.
    pub struct Error;
    /// What kind of fault it is. The words are stable.
    pub enum ErrorKind {
        /// Not UTF-8, another declared encoding, NUL or another character that XML forbids.
        Encoding = "encoding", Document;
        /// XML is not well-formed; a DOCTYPE; an entity beyond the five; a second root; text outside the root.
        Xml = "xml", Document;
        /// Text directly under `smartLicense`; an element, comment or instruction inside a `RUMReport`.
        Structure = "structure", Document;
        /// Not one of the documents of this family.
        UnknownRoot = "unknown-root", Document;
        /// Readable, but not at this layer (gzip, tar), or not in this form.
        Unsupported = "unsupported", Document;
        /// No input; a report without text.
        Empty = "empty", Document;
        /// The input ends inside an element, a CDATA section or a JSON value.
        Truncated = "truncated", Document;
        /// JSON syntax, text after the value, a lone surrogate, a number out of range.
        Json = "json", Document;
        /// A member name twice in one object.
        DuplicateMember = "duplicate-member", Document;
        /// A member that has to be there is not.
        MissingMember = "missing-member", Document;
        /// An element that has to be there is not, or is empty.
        MissingElement = "missing-element", Document;
        /// A UDI text that fits none of the spellings.
        UdiSyntax = "udi-syntax", Document;
        /// A JSON value of another type than the format has at this place.
        WrongType = "wrong-type", Document;
        /// A number that is none, or beyond its range.
        BadNumber = "bad-number", Document;
        /// A value that cannot be: a negative time, an empty serial number.
        BadValue = "bad-value", Document;
        /// Two members contradict each other.
        Inconsistent = "inconsistent", Document;
        /// More than a limit allows; [`name`](Error::name) says which.
        Limit = "limit", Limits;
        /// A deviation that the caller switched off; [`name`](Error::name) says which.
        Tolerance = "tolerance", Caller;
        /// A typed code that is too short or too long.
        CodeLength = "code-length", Document;
        /// A typed code with a character that such codes do not have.
        CodeDigit = "code-digit", Document;
        /// A typed code whose parts are not where they belong.
        CodeForm = "code-form", Document;
        /// A value that cannot be written, or a signature that could not be made.
        Unwritable = "unwritable", Caller;
        /// The report cannot be written: its signed payload text was lost on the way.
        PayloadLost = "payload-lost", Document;
    }
}
