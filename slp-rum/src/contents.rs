//! The parts of a document, each read by its kind. Spec: ack-auth, "Document smartLicense".

use slp_model::{Location, Signed, SignedContent};

use crate::account_info::{self, AccountFile, CorrelationId};
use crate::ack::conversion::ConversionAcknowledgement;
use crate::ack::{self, Acknowledgement};
use crate::auth_request::{self, AuthorizationRequest};
use crate::authorization::{self, AuthorizationCode, AuthorizationKind};
use crate::document::{Document, Part, PartKind};
use crate::flaw::{Flaw, Notes};
use crate::policy_file::{self, PolicyFile};
use crate::statement::{Fields, Reading, SignedPart, Source, Span, Statement};
use crate::system_info::{self, SystemInfo};
use crate::text::{ElementText, LineCursor};
use crate::trust::{self, TrustCode, TrustRequest};
use crate::xml::Element;
use crate::{Error, Warning};

/// One part of a document, read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content<'d> {
    /// `smartLicenseAuthorization` (SLAC) or `specificPLR` (SLR).
    Authorization(Box<AuthorizationCode>),
    /// `smartLicensePolicy`.
    Policy(Box<PolicyFile>),
    /// `smartLicenseTrustCode`.
    TrustCode(Box<TrustCode>),
    /// `smartLicenseRumAck`.
    Acknowledgement(Box<Acknowledgement>),
    /// `smartLicenseConversionAck`.
    ConversionAcknowledgement(Box<ConversionAcknowledgement>),
    /// `smartLicenseAccountInfo`.
    Account(Box<AccountFile>),
    /// `correlationID`.
    CorrelationId(Box<Statement<CorrelationId>>),
    /// `smartLicenseSystemInfo`.
    SystemInfo(Box<SystemInfo>),
    /// `smartLicenseAuthRequest`.
    AuthorizationRequest(Box<AuthorizationRequest>),
    /// `smartLicenseTrustRequest`.
    TrustRequest(Box<TrustRequest>),
    /// `RUMReport`: [`Document::reports`] reads these.
    Report(Part<'d>),
    /// A part that is not known, as it stands.
    Unknown(Part<'d>),
}

/// Runs one expression on whichever statement it is.
macro_rules! each_statement {
    ($content:expr, $statement:ident => $value:expr, $part:ident => $other:expr) => {
        match $content {
            Content::Authorization($statement) => $value,
            Content::Policy($statement) => $value,
            Content::TrustCode($statement) => $value,
            Content::Acknowledgement($statement) => $value,
            Content::ConversionAcknowledgement($statement) => $value,
            Content::Account($statement) => $value,
            Content::CorrelationId($statement) => $value,
            Content::SystemInfo($statement) => $value,
            Content::AuthorizationRequest($statement) => $value,
            Content::TrustRequest($statement) => $value,
            Content::Report($part) | Content::Unknown($part) => $other,
        }
    };
}

impl Content<'_> {
    /// The name of its element.
    pub fn name(&self) -> &str {
        each_statement!(self, statement => statement.name(), part => part.kind.as_str())
    }

    /// Its bytes, as they came.
    pub fn raw(&self) -> &str {
        each_statement!(self, statement => statement.raw(), part => part.raw)
    }

    /// The bytes under its signature; `None` for parts that never carry one. Reports have their own.
    pub fn signed_content(&self) -> Option<SignedContent<'_>> {
        let is_signed = !matches!(self, Self::CorrelationId(_) | Self::SystemInfo(_) | Self::AuthorizationRequest(_));
        each_statement!(
            self,
            statement => is_signed.then(|| statement.signed_content()).filter(|content| !content.bytes.is_empty()),
            _part => None
        )
    }

    /// The deviations that were taken while it was read.
    pub fn warnings(&self) -> &[Warning] {
        each_statement!(self, statement => statement.warnings(), _part => &[])
    }
}

impl Document<'_> {
    /// The parts, each read or refused by itself. When the document breaks off, a last item says where and why, and its
    /// [`is_fatal`](Error::is_fatal) is true.
    ///
    /// ```
    /// use slp_rum::{Content, Document};
    ///
    /// let bytes = b"<smartLicensePolicy><policyCode><name>Example</name><export><reportOnMACD>90</reportOnMACD>\
    ///     </export></policyCode><signature>AAAA</signature></smartLicensePolicy>";
    /// for content in Document::parse(bytes)?.contents() {
    ///     if let Content::Policy(policy) = content? {
    ///         assert_eq!(policy.view().name, "Example");
    ///         assert!(policy.signed_bytes().starts_with(b"<policyCode>"));
    ///     }
    /// }
    /// # Ok::<(), slp_rum::Error>(())
    /// ```
    ///
    /// # Errors
    /// Of an item: `missing-element`, `udi-syntax`, `bad-number`, `structure`, `limit`, `tolerance`, and those of JSON in
    /// requests. A JSON text that cannot be read is no error in an acknowledgement: it is kept.
    pub fn contents(&self) -> Contents<'_> {
        Contents {
            document: self,
            next: 0,
            counts: [0; 4],
            room: self.options().limits.warnings,
            places: LineCursor::default(),
            ended: false,
        }
    }
}

/// The parts of a document, read. See [`Document::contents`].
#[derive(Debug)]
pub struct Contents<'d> {
    document: &'d Document<'d>,
    next: usize,
    /// How many authorizations, reservations, trust codes and acknowledgements there were: they are numbered.
    counts: [usize; 4],
    room: usize,
    places: LineCursor,
    ended: bool,
}

impl<'d> Iterator for Contents<'d> {
    type Item = Result<Content<'d>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let document = self.document;
        let Some(element) = document.elements().get(self.next) else {
            if self.ended {
                return None;
            }
            self.ended = true;
            return document.damage().map(Err);
        };
        self.next = self.next.saturating_add(1);
        Some(self.read(element).map_err(|flaw| document.error_at(&flaw, None, &mut self.places)))
    }
}

impl<'d> Contents<'d> {
    fn prefix(&mut self, kind: &PartKind) -> String {
        let slot = match kind {
            PartKind::Authorization => 0,
            PartKind::SpecificPlr => 1,
            PartKind::TrustCode => 2,
            PartKind::RumAck => 3,
            other => return other.as_str().to_owned(),
        };
        let count = self.counts.get_mut(slot).map_or(1, |count| {
            *count = count.saturating_add(1);
            *count
        });
        format!("{kind}[{count}]")
    }

    fn read(&mut self, element: &'d Element) -> Result<Content<'d>, Flaw> {
        let document = self.document;
        let kind = &element.kind;
        let Some(node) = element.node else {
            let raw = document.text().get(element.range.clone()).unwrap_or_default();
            let part = Part { kind: kind.clone(), raw, range: element.range.clone() };
            return Ok(if *kind == PartKind::Report { Content::Report(part) } else { Content::Unknown(part) });
        };
        let prefix = self.prefix(kind);
        let mut fields = Fields {
            text: document.text(),
            tree: document.tree(),
            options: document.options(),
            notes: Notes::new(document.options(), self.room),
            prefix: &prefix,
            root: node,
            device: None,
        };
        let fields = &mut fields;
        Ok(match kind {
            PartKind::Authorization => {
                let reading = authorization::read(fields, AuthorizationKind::Slac)?;
                Content::Authorization(self.finish(element, fields, reading, "smartLicenseAuthorization")?)
            }
            PartKind::SpecificPlr => {
                let reading = authorization::read(fields, AuthorizationKind::Slr)?;
                Content::Authorization(self.finish(element, fields, reading, "specificPLR")?)
            }
            PartKind::Policy => {
                let reading = policy_file::read(fields)?;
                Content::Policy(self.finish(element, fields, reading, "smartLicensePolicy")?)
            }
            PartKind::TrustCode => {
                let reading = trust::read(fields)?;
                Content::TrustCode(self.finish(element, fields, reading, "smartLicenseTrustCode")?)
            }
            PartKind::RumAck => {
                let reading = ack::read(fields)?;
                Content::Acknowledgement(self.finish(element, fields, reading, "smartLicenseRumAck")?)
            }
            PartKind::ConversionAck => {
                let reading = ack::conversion::read(fields)?;
                let statement = self.finish(element, fields, reading, "smartLicenseConversionAck")?;
                Content::ConversionAcknowledgement(statement)
            }
            PartKind::AccountInfo => {
                let reading = account_info::read(fields)?;
                Content::Account(self.finish(element, fields, reading, "smartLicenseAccountInfo")?)
            }
            PartKind::CorrelationId => {
                let reading = account_info::read_correlation_id(fields)?;
                Content::CorrelationId(self.finish(element, fields, reading, "correlationID")?)
            }
            PartKind::SystemInfo => {
                let reading = system_info::read(fields)?;
                Content::SystemInfo(self.finish(element, fields, reading, "smartLicenseSystemInfo")?)
            }
            PartKind::AuthRequest => {
                let reading = auth_request::read(fields)?;
                Content::AuthorizationRequest(self.finish(element, fields, reading, "smartLicenseAuthRequest")?)
            }
            PartKind::TrustRequest => {
                let reading = trust::read_request(fields)?;
                Content::TrustRequest(self.finish(element, fields, reading, "smartLicenseTrustRequest")?)
            }
            PartKind::SmartLicense | PartKind::Report | PartKind::Unknown(_) => {
                let raw = document.text().get(element.range.clone()).unwrap_or_default();
                Content::Unknown(Part { kind: kind.clone(), raw, range: element.range.clone() })
            }
        })
    }

    /// Puts the reading and the bytes together.
    fn finish<T>(
        &mut self,
        element: &'d Element,
        fields: &mut Fields<'_>,
        reading: Reading<T>,
        name: &'static str,
    ) -> Result<Box<Statement<T>>, Flaw> {
        let source = self.source(element, fields, reading.signed, reading.signature, name)?;
        Ok(Box::new(Statement::new(reading.view, source)))
    }

    /// The bytes of a part, and which of them are signed: the same for every kind of part.
    fn source(
        &mut self,
        element: &'d Element,
        fields: &mut Fields<'_>,
        signed: SignedPart,
        signature: Option<Box<str>>,
        name: &'static str,
    ) -> Result<Source, Flaw> {
        let document = self.document;
        let text = document.text();
        let raw = text.get(element.range.clone()).unwrap_or_default();
        let node = match &signed {
            SignedPart::Element(node, _) => Some(*node),
            SignedPart::Data(data) => Some(data.node),
            SignedPart::Never => None,
        };
        fields.asides(node)?;
        let inside = |range: std::ops::Range<usize>| {
            let start = range.start.saturating_sub(element.range.start);
            start..range.end.saturating_sub(element.range.start)
        };
        let (span, signed_from) = match signed {
            SignedPart::Never => (Span::Nothing, element.range.start),
            SignedPart::Element(node, name) => {
                let range = fields.tree.get(node).map_or(0..0, |node| node.range.clone());
                (Span::Inside(inside(range.clone()), name), range.start)
            }
            SignedPart::Data(data) => match data.text {
                ElementText::Single(range) => (Span::Inside(inside(range.clone()), "data"), range.start),
                joined @ ElementText::Joined(_) => (Span::Text(joined.get(text).into()), joined.to_document(0)),
            },
        };
        let place = document.place(element.range.start, fields.prefix, &mut self.places);
        // from the start of the part on: a step back would begin at the start of the document again
        let signed: Location = document.place(signed_from, "", &mut self.places.clone());
        let signed_at = (signed.line.unwrap_or(1), signed.column.unwrap_or(1), signed.byte);
        let warnings = document.warnings_of(&mut fields.notes, &self.places);
        self.room = self.room.saturating_sub(warnings.len());
        let key = fields.device.take().unwrap_or_default();
        Ok(Source { raw: raw.into(), name, key, span, signature, place, signed_at, warnings })
    }
}
