//! Registration: the request of an On-Prem for one local account, and the cloud's authorization.

use slp_model::UnixMillis;

use crate::document::codec::{Certificate, Flag, Id64, List, Of, SigningRequest, Str, Time, Uuid, record};
use crate::document::response::Notice;

record! { blank
    /// Document A: an On-Prem asks to be registered for one local account. Spec: sync, "A: registration request".
    RegistrationRequest {
        /// New for each document; the answer echoes it.
        request_id: String = need(Uuid);
        /// The name of the server.
        on_prem_name: String = server(Str<64>);
        /// The instance id, new for each registration (name: doc).
        collector_instance_id: String = need(Uuid);
        /// The local account.
        local_account: String = need(Str);
        /// The Smart Account.
        smart_account: String = need(Str);
        /// The virtual account.
        virtual_account: String = need(Str);
        /// Where the cloud may write to.
        notify_email: Option<String> = opt(Str<254>);
        /// Signing request of the identity key, PEM (name: doc).
        csr: String = need(SigningRequest);
        /// Signing request of a key of its own for signatures; absent: the identity key signs too.
        signing_csr: Option<String> = opt(SigningRequest);
        /// Signing request of the local CA; wanted only when SL devices are served.
        local_sub_ca_csr: Option<String> = opt(SigningRequest);
        /// The time of this document, later than that of any before.
        last_generated: UnixMillis = need(Time);
    }
}

record! { blank
    /// Document B: the cloud registers an On-Prem. Spec: sync, "B: registration authorization".
    RegistrationAuthorization {
        /// That of the request.
        request_id: String = need(Uuid);
        /// That of the request.
        on_prem_name: String = server(Str<64>);
        /// That of the request.
        collector_instance_id: String = need(Uuid);
        /// That of the request.
        last_generated: UnixMillis = need(Time);
        /// The Smart Account, as registered.
        smart_account: String = need(Str);
        /// The virtual account, as registered.
        virtual_account: String = need(Str);
        /// The id of the Smart Account.
        smart_account_id: Option<String> = opt(Id64);
        /// The id of the virtual account, which every later response has to name.
        virtual_account_id: String = need(Id64);
        /// The virtual account did not exist before.
        virtual_account_created: Option<bool> = opt(Flag);
        /// The identity of the On-Prem, PEM.
        id_cert: String = need(Certificate);
        /// The issuing CA of the cloud, PEM.
        sub_ca_cert: String = need(Certificate);
        /// Who signed this document, PEM.
        signing_cert: String = need(Certificate);
        /// The signer of requests; present if and only if it was asked for.
        collector_signing_cert: Option<String> = opt(Certificate);
        /// The local CA; present if and only if it was asked for.
        local_sub_ca_cert: Option<String> = opt(Certificate);
        /// The first watermark: the deadlines count from here.
        last_sync: UnixMillis = need(Time);
        /// What the cloud has to say.
        notices: Vec<Notice> = or_default(List<Of<Notice>, 100>);
    }
}
