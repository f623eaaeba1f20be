//! The kinds of messages, as the statistics of devices name them.

use crate::wire::{Fail, In, Out, Wire};

slp_model::open_enum! {
    /// What a push message is about. Spec: transport, "Kinds".
    pub enum Kind {
        /// Gives back an authorization code.
        AuthorizationReturn = "authorization_return",
        /// Confirms that a code was overwritten.
        AuthorizationConfirmation = "authorization_confirmation",
        /// Asks for trust, with an id token.
        TrustEstablishment = "trust_establishment",
        /// Says which trust codes were installed.
        TrustAcknowledgement = "trust_acknowledgement",
        /// Asks for policy and account.
        TrustSync = "trust_sync",
        /// Asks for an authorization code.
        AuthorizationRequest = "authorization_request",
        /// Hands over usage reports.
        UsageReporting = "usage_reporting",
        /// Asks for a result.
        ResultPolling = "result_polling",
        /// Hands over telemetry reports.
        TelemetryReporting = "telemetry_reporting",
        /// Finds out whether the other side is there, and what it can do.
        Hello = "hello",
    }
}

impl Kind {
    /// The kinds, in the order in which an agent sends what waits. Spec: transport, "Device agent" (choice).
    pub const QUEUE_ORDER: [Self; 9] = [
        Self::AuthorizationReturn,
        Self::AuthorizationConfirmation,
        Self::TrustEstablishment,
        Self::TrustAcknowledgement,
        Self::TrustSync,
        Self::AuthorizationRequest,
        Self::UsageReporting,
        Self::ResultPolling,
        Self::TelemetryReporting,
    ];

    /// As the statistics of devices print it (seen).
    pub fn title(&self) -> &str {
        match self {
            Self::AuthorizationReturn => "Authorization Return",
            Self::AuthorizationConfirmation => "Authorization Confirmation",
            Self::TrustEstablishment => "Trust Establishment",
            Self::TrustAcknowledgement => "Trust Acknowledgement",
            Self::TrustSync => "Trust Sync",
            Self::AuthorizationRequest => "Authorization Request",
            Self::UsageReporting => "Usage Reporting",
            Self::ResultPolling => "Result Polling",
            Self::TelemetryReporting => "Telemetry Reporting",
            Self::Hello => "Hello Message",
            Self::Other(word) => word.as_str(),
        }
    }
}

/// Reading the kind tells the reader what the data are that follow.
impl Wire for Kind {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let kind = Self::from(&*input.reader.string()?);
        input.kind = Some(kind.clone());
        Ok(kind)
    }

    fn write(&self, out: &mut Out) {
        out.string(self.as_str());
    }
}

/// The kind of the message that is being read. Where data stand before it, it is looked up.
pub(super) fn kind_of(input: &In<'_, '_>, member: &str) -> Result<Kind, Fail> {
    if let Some(kind) = &input.kind {
        return Ok(kind.clone());
    }
    // A payload may stand on the way.
    let mut limits = input.limits.clone();
    limits.string_bytes = limits.payload_bytes;
    let mut search = In::new(input.text, &limits);
    search.reader.begin_object()?;
    while let Some(name) = search.reader.next_member()? {
        if &*name == member {
            return Kind::read(&mut search);
        }
        search.reader.skip_syntax()?;
    }
    Err(Fail::shape(input.reader.offset(), format!("the data have no {member} beside them")))
}
