//! What `document::verify` lets through, and why it refuses the rest. Every certificate is made here, for one test.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use slp_crypto::envelope::{Member, Role};
use slp_crypto::{Certificate, PublicKey, Signer as _, SigningKey, TimePolicy, TrustStore};
use slp_sync::document::verify::{self, OwnKeys};
use slp_sync::document::{
    Content, Document, LocalAccount, RegistrationAuthorization, RegistrationRequest, Row, SyncRequest, SyncResponse,
};
use slp_sync::{Error, ErrorKind};

const INSTANCE: &str = "11111111-2222-4333-8444-555555555555";
const OTHER: &str = "11111111-2222-4333-8444-666666666666";

/// What a refusal says: its kind and where.
type Told<T> = Result<T, (ErrorKind, String)>;

fn told<T>(answer: Result<T, Error>) -> Told<T> {
    answer.map_err(|error| (error.kind(), error.location().path.clone()))
}

fn at(time: &str) -> TimePolicy {
    TimePolicy::Now(time.parse().unwrap())
}

fn now() -> TimePolicy {
    at("2026-11-24T00:00:00Z")
}

fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

fn signer(key: &KeyPair) -> SigningKey {
    SigningKey::from_pem(key.serialize_pem().as_bytes()).unwrap()
}

fn public(key: &KeyPair) -> PublicKey {
    signer(key).public_key().clone()
}

/// A certificate to be: from the first of January 2026 to that of 2030.
fn params(role: Role, name: &str, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationalUnitName, role.as_str());
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = match is_ca {
        IsCa::Ca(_) => vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
        _ => vec![KeyUsagePurpose::DigitalSignature],
    };
    params.is_ca = is_ca;
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2030, 1, 1));
    params
}

fn csr(role: Role, name: &str, key: &KeyPair) -> String {
    let mut params = params(role, name, IsCa::NoCa);
    params.key_usages = Vec::new();
    params.serialize_request(key).unwrap().pem().unwrap()
}

/// The cloud's PKI, and the keys of one On-Prem.
struct World {
    trust: TrustStore,
    sub_ca: Issuer<'static, KeyPair>,
    sub_ca_pem: String,
    cloud: KeyPair,
    cloud_pem: String,
    id: KeyPair,
    signing: KeyPair,
    local_ca: KeyPair,
}

impl World {
    fn new() -> Self {
        let (root_key, sub_key) = (key(), key());
        let root_params = params(Role::CloudCa, "Root", IsCa::Ca(BasicConstraints::Constrained(2)));
        let root = root_params.self_signed(&root_key).unwrap();
        let mut trust = TrustStore::empty();
        trust.add_anchor(root.der()).unwrap();
        let sub_params = params(Role::CloudCa, "Issuing", IsCa::Ca(BasicConstraints::Constrained(1)));
        let sub_ca_pem = sub_params.signed_by(&sub_key, &Issuer::new(root_params, root_key)).unwrap().pem();
        let sub_ca = Issuer::new(sub_params, sub_key);
        let cloud = key();
        let cloud_pem =
            params(Role::CloudSigner, "cloud", IsCa::ExplicitNoCa).signed_by(&cloud, &sub_ca).unwrap().pem();
        Self { trust, sub_ca, sub_ca_pem, cloud, cloud_pem, id: key(), signing: key(), local_ca: key() }
    }

    fn leaf(&self, role: Role, name: &str, key: &KeyPair) -> String {
        params(role, name, IsCa::ExplicitNoCa).signed_by(key, &self.sub_ca).unwrap().pem()
    }

    fn local_ca(&self, role: Role) -> String {
        let params = params(role, INSTANCE, IsCa::Ca(BasicConstraints::Constrained(0)));
        params.signed_by(&self.local_ca, &self.sub_ca).unwrap().pem()
    }

    fn sub_ca_der(&self) -> Vec<u8> {
        Certificate::inspect_pem(self.sub_ca_pem.as_bytes()).unwrap().remove(0).unwrap().der().to_vec()
    }

    /// All three keys are the On-Prem's own.
    fn own(&self) -> OwnKeys {
        let mut own = OwnKeys::new(public(&self.id));
        (own.signing, own.local_ca) = (Some(public(&self.signing)), Some(public(&self.local_ca)));
        own
    }

    /// An answer with every certificate.
    fn response(&self) -> SyncResponse {
        let mut response = SyncResponse::default();
        response.request_id = INSTANCE.into();
        response.on_prem_name = "onprem".into();
        response.collector_instance_id = INSTANCE.into();
        response.last_generated = "2026-11-02T08:00:00.000Z".parse().unwrap();
        response.last_sync = "2026-11-02T08:20:10.250Z".parse().unwrap();
        response.base_sync = Some("2026-11-01T08:20:10.250Z".parse().unwrap());
        response.id_cert = self.leaf(Role::CollectorId, INSTANCE, &self.id);
        response.sub_ca_cert.clone_from(&self.sub_ca_pem);
        response.signing_cert.clone_from(&self.cloud_pem);
        response.collector_signing_cert = Some(self.leaf(Role::CollectorSigner, INSTANCE, &self.signing));
        response.local_sub_ca_cert = Some(self.local_ca(Role::LocalCa));
        response
    }

    fn judged(&self, response: SyncResponse, own: &OwnKeys, time: TimePolicy) -> Told<usize> {
        let document = signed(&Content::SyncResponse(Box::new(response)), &[(Member::Single, &self.cloud)]);
        told(verify::response(&document, own, &self.trust, time).map(|verified| verified.signers().len()))
    }

    /// The answer with one change, judged by the keys of the On-Prem.
    fn changed(&self, change: impl FnOnce(&mut SyncResponse)) -> Told<usize> {
        let mut response = self.response();
        change(&mut response);
        self.judged(response, &self.own(), now())
    }

    fn registration(&self) -> RegistrationRequest {
        let mut request = RegistrationRequest::default();
        request.request_id = INSTANCE.into();
        request.on_prem_name = "onprem".into();
        request.collector_instance_id = INSTANCE.into();
        request.local_account = "Quebec".into();
        request.smart_account = "Acme".into();
        request.virtual_account = "Quebec VA".into();
        request.last_generated = "2026-11-02T08:00:00.000Z".parse().unwrap();
        request.csr = csr(Role::CollectorId, INSTANCE, &self.id);
        request.signing_csr = Some(csr(Role::CollectorSigner, INSTANCE, &self.signing));
        request.local_sub_ca_csr = Some(csr(Role::LocalCa, INSTANCE, &self.local_ca));
        request
    }

    fn registered(&self, change: impl FnOnce(&mut RegistrationRequest)) -> Told<usize> {
        let mut request = self.registration();
        change(&mut request);
        let keys = [(Member::Named("id".into()), &self.id), (Member::Named("signing".into()), &self.signing)];
        let document = signed(&Content::RegistrationRequest(Box::new(request)), &keys);
        told(verify::registration(&document, &self.trust, now()).map(|verified| verified.signers().len()))
    }

    fn request(&self) -> SyncRequest {
        let mut request = SyncRequest::default();
        request.request_id = INSTANCE.into();
        request.on_prem_name = "onprem".into();
        request.collector_instance_id = Some(INSTANCE.into());
        request.local_account = "Quebec".into();
        request.smart_account = "Acme".into();
        request.virtual_account = "Quebec VA".into();
        request.id_cert = self.leaf(Role::CollectorId, INSTANCE, &self.id);
        request.signing_cert = self.leaf(Role::CollectorSigner, INSTANCE, &self.signing);
        request.last_generated = "2026-11-02T08:00:00.000Z".parse().unwrap();
        let mut account = LocalAccount::default();
        (account.id, account.name, account.default) = ("lva-1".into(), "Default".into(), true);
        request.virtual_accounts.push(Row::Present(account));
        request
    }

    fn requested(&self, second: &KeyPair, change: impl FnOnce(&mut SyncRequest)) -> Told<String> {
        let mut request = self.request();
        change(&mut request);
        let keys = [(Member::Named("id".into()), &self.id), (Member::Named("signing".into()), second)];
        let document = signed(&Content::SyncRequest(Box::new(request)), &keys);
        told(
            verify::request(&document, &self.sub_ca_der(), &self.trust, now()).map(|verified| verified.get().1.clone()),
        )
    }
}

fn signed(content: &Content, by: &[(Member, &KeyPair)]) -> Document {
    let mut document = Document::new(content).unwrap();
    for (member, key) in by {
        document.sign(member, &signer(key)).unwrap();
    }
    document
}

fn refused<T>(kind: ErrorKind, path: &str) -> Told<T> {
    Err((kind, path.to_owned()))
}

#[test]
fn an_answer_is_taken_when_every_certificate_in_it_is_for_our_keys() {
    use ErrorKind::{BadSignature, KeyMismatch, WrongInstance, WrongRole};
    let world = World::new();
    assert_eq!(world.changed(|_| {}), Ok(1));
    let strangers = World::new();
    let stranger = key();
    let leaf = |role, name, key| world.leaf(role, name, key);
    assert_eq!(
        world.changed(|answer| answer.id_cert = leaf(Role::CollectorSigner, INSTANCE, &world.id)),
        refused(WrongRole, "$.id_cert")
    );
    assert_eq!(
        world.changed(|answer| answer.id_cert = leaf(Role::CollectorId, OTHER, &world.id)),
        refused(WrongInstance, "$.id_cert")
    );
    assert_eq!(
        world.changed(|answer| answer.id_cert = leaf(Role::CollectorId, INSTANCE, &stranger)),
        refused(KeyMismatch, "$.id_cert")
    );
    assert_eq!(
        world.changed(|answer| answer.id_cert = strangers.leaf(Role::CollectorId, INSTANCE, &world.id)),
        refused(BadSignature, "$.id_cert"),
        "a CA of the same name and with another key"
    );
    assert_eq!(
        world.changed(|answer| answer.collector_signing_cert = Some(leaf(Role::CollectorSigner, INSTANCE, &stranger))),
        refused(KeyMismatch, "$.collector_signing_cert")
    );
    assert_eq!(
        world.changed(|answer| answer.local_sub_ca_cert = Some(world.local_ca(Role::CloudCa))),
        refused(WrongRole, "$.local_sub_ca_cert")
    );
    // a leaf is no CA, whatever role it has
    let leaf_as_ca = leaf(Role::LocalCa, INSTANCE, &world.local_ca);
    let answer = world.changed(|answer| answer.local_sub_ca_cert = Some(leaf_as_ca));
    assert_eq!(answer.unwrap_err().1, "$.local_sub_ca_cert");
    // what was not asked for is for a key that is not ours
    let answer = world.judged(world.response(), &OwnKeys::new(public(&world.id)), now());
    assert_eq!(answer, refused(KeyMismatch, "$.collector_signing_cert"));
}

#[test]
fn the_signer_of_an_answer_is_the_cloud_and_the_time_is_right() {
    use ErrorKind::{BadSignature, CertExpired, CertNotYetValid, UntrustedChain, WrongRole};
    let world = World::new();
    let document = |by: &KeyPair, pem: &str| {
        let mut response = world.response();
        response.signing_cert = pem.to_owned();
        signed(&Content::SyncResponse(Box::new(response)), &[(Member::Single, by)])
    };
    let judge = |document: &Document, trust: &TrustStore, time| {
        told(verify::response(document, &world.own(), trust, time).map(|_| ())).map_err(|(kind, _)| kind)
    };
    let good = document(&world.cloud, &world.cloud_pem);
    assert_eq!(judge(&good, &world.trust, now()), Ok(()));
    assert_eq!(judge(&good, &TrustStore::empty(), now()), Err(UntrustedChain));
    assert_eq!(judge(&document(&world.id, &world.cloud_pem), &world.trust, now()), Err(BadSignature));
    let collector = world.leaf(Role::CollectorSigner, INSTANCE, &world.signing);
    assert_eq!(judge(&document(&world.signing, &collector), &world.trust, now()), Err(WrongRole));
    // clocks may differ by an hour, and no more
    assert_eq!(judge(&good, &world.trust, at("2025-12-31T23:00:00Z")), Ok(()));
    assert_eq!(judge(&good, &world.trust, at("2025-12-31T22:59:59Z")), Err(CertNotYetValid));
    assert_eq!(judge(&good, &world.trust, at("2030-06-01T00:00:00Z")), Err(CertExpired));
    // also for a certificate that it brings
    let late = |time| {
        let mut response = world.response();
        let mut params = params(Role::CollectorId, INSTANCE, IsCa::ExplicitNoCa);
        params.not_before = date_time_ymd(2026, 6, 1);
        response.id_cert = params.signed_by(&world.id, &world.sub_ca).unwrap().pem();
        world.judged(response, &world.own(), at(time))
    };
    assert_eq!(late("2026-05-31T23:00:00Z"), Ok(1));
    assert_eq!(late("2026-05-31T22:59:59Z"), refused(CertNotYetValid, "$.id_cert"));
    // a witness names the document
    assert_eq!(verify::response(&good, &world.own(), &world.trust, now()).unwrap().digest(), good.digest());
}

#[test]
fn a_fault_is_named_for_what_it_is_in_the_last_hour_of_a_certificate_too() {
    let (world, strangers) = (World::new(), World::new());
    let mut response = world.response();
    response.id_cert = strangers.leaf(Role::CollectorId, INSTANCE, &world.id);
    // an hour later the CA has expired: no reason to say so now
    let answer = world.judged(response, &world.own(), at("2029-12-31T23:30:00Z"));
    assert_eq!(answer, refused(ErrorKind::BadSignature, "$.id_cert"));
}

/// A public key that nobody here can sign with.
struct Foreign(Vec<u8>, &'static rcgen::SignatureAlgorithm);

impl rcgen::PublicKeyData for Foreign {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.1
    }
}

#[test]
fn a_document_without_a_signature_or_with_one_that_cannot_be_checked_says_which_of_them() {
    use ErrorKind::{BadValue, MissingMember, UnsupportedAlgorithm, WeakAlgorithm};
    let world = World::new();
    let judge = |document: &Document| told(verify::response(document, &world.own(), &world.trust, now()).map(|_| ()));
    let content = Content::SyncResponse(Box::new(world.response()));
    assert_eq!(judge(&signed(&content, &[])), refused(MissingMember, "$.signature"));
    // only one of two
    let request = signed(&Content::SyncRequest(Box::new(world.request())), &[(Member::Named("id".into()), &world.id)]);
    let answer = told(verify::request(&request, &world.sub_ca_der(), &world.trust, now()).map(|_| ()));
    assert_eq!(answer, refused(MissingMember, "$.signatures.signing"));

    let good = String::from_utf8(signed(&content, &[(Member::Single, &world.cloud)]).to_bytes()).unwrap();
    let (before, after) = good.split_once("\"signature\":\"").unwrap();
    let odd = format!("{before}\"signature\":\"~{after}");
    let odd = Document::read(odd.as_bytes(), &slp_sync::Limits::default()).unwrap();
    assert_eq!(judge(&odd), refused(BadValue, "$.signature"), "not base64");

    // a certificate of ours over a key that documents are not signed with
    let leaf =
        |role, name, key: &Foreign| params(role, name, IsCa::ExplicitNoCa).signed_by(key, &world.sub_ca).unwrap().pem();
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let p384 = Foreign(p384.public_key_raw().to_vec(), &rcgen::PKCS_ECDSA_P384_SHA384);
    let mut response = world.response();
    response.signing_cert = leaf(Role::CloudSigner, "cloud", &p384);
    assert_eq!(world.judged(response, &world.own(), now()), refused(UnsupportedAlgorithm, "$.signature"));
    // RSA of 1024 bits: a sequence of modulus and exponent
    let modulus = [&[0_u8, 0xc1][..], &[0x5b; 127]].concat();
    let short = [&[0x30, 0x81, 0x89, 0x02, 0x81, 0x81][..], &modulus, &[0x02, 0x03, 0x01, 0x00, 0x01]].concat();
    let short = Foreign(short, &rcgen::PKCS_RSA_SHA256);
    assert_eq!(
        world.changed(|answer| answer.id_cert = leaf(Role::CollectorId, INSTANCE, &short)),
        refused(WeakAlgorithm, "$.id_cert")
    );
}

#[test]
fn an_authorization_brings_every_certificate_that_was_asked_for() {
    let world = World::new();
    let judged = |change: fn(&mut RegistrationAuthorization), own: &OwnKeys| {
        let response = world.response();
        let mut content = RegistrationAuthorization::default();
        content.request_id = INSTANCE.into();
        content.on_prem_name = "onprem".into();
        content.collector_instance_id = INSTANCE.into();
        content.smart_account = "Acme".into();
        content.virtual_account = "Quebec VA".into();
        content.virtual_account_id = "300400".into();
        (content.last_generated, content.last_sync) = (response.last_generated, response.last_sync);
        content.id_cert = response.id_cert;
        content.sub_ca_cert = response.sub_ca_cert;
        content.signing_cert = response.signing_cert;
        content.collector_signing_cert = response.collector_signing_cert;
        content.local_sub_ca_cert = response.local_sub_ca_cert;
        change(&mut content);
        let document =
            signed(&Content::RegistrationAuthorization(Box::new(content)), &[(Member::Single, &world.cloud)]);
        told(verify::authorization(&document, own, &world.trust, now()).map(|verified| verified.signers().len()))
    };
    assert_eq!(judged(|_| {}, &world.own()), Ok(1));
    let missing = |path| refused(ErrorKind::MissingMember, path);
    assert_eq!(
        judged(|answer| answer.collector_signing_cert = None, &world.own()),
        missing("$.collector_signing_cert")
    );
    assert_eq!(judged(|answer| answer.local_sub_ca_cert = None, &world.own()), missing("$.local_sub_ca_cert"));
    let alone = OwnKeys::new(public(&world.id));
    let none = |answer: &mut RegistrationAuthorization| {
        (answer.collector_signing_cert, answer.local_sub_ca_cert) = (None, None);
    };
    assert_eq!(judged(none, &alone), Ok(1));
}

#[test]
fn a_registration_asks_for_its_own_instance_and_roles_with_a_key_for_each() {
    use ErrorKind::{BadSignature, KeyReuse, WrongInstance, WrongRole};
    let world = World::new();
    assert_eq!(world.registered(|_| {}), Ok(2));
    assert_eq!(
        world.registered(|request| request.csr = csr(Role::CollectorId, OTHER, &world.id)),
        refused(WrongInstance, "$.csr")
    );
    assert_eq!(
        world.registered(|request| request.signing_csr = Some(csr(Role::LocalCa, INSTANCE, &world.signing))),
        refused(WrongRole, "$.signing_csr")
    );
    assert_eq!(
        world.registered(|request| request.local_sub_ca_csr = Some(csr(Role::LocalCa, INSTANCE, &world.id))),
        refused(KeyReuse, "")
    );
    // signed with keys that it does not ask for
    let bad = |answer: Told<usize>| answer.unwrap_err().0;
    assert_eq!(bad(world.registered(|request| request.csr = csr(Role::CollectorId, INSTANCE, &key()))), BadSignature);
    assert_eq!(
        bad(world.registered(|request| request.signing_csr = Some(csr(Role::CollectorSigner, INSTANCE, &key())))),
        BadSignature
    );
    // without a signer of its own the identity signs both
    assert_eq!(bad(world.registered(|request| request.signing_csr = None)), BadSignature);
    let mut request = world.registration();
    request.signing_csr = None;
    let keys = [(Member::Named("id".into()), &world.id), (Member::Named("signing".into()), &world.id)];
    let document = signed(&Content::RegistrationRequest(Box::new(request)), &keys);
    assert_eq!(verify::registration(&document, &world.trust, now()).unwrap().signers().len(), 2);
}

#[test]
fn a_request_is_of_one_instance_by_certificates_and_document() {
    use ErrorKind::{KeyReuse, WrongInstance, WrongRole};
    let world = World::new();
    let ours = Ok(INSTANCE.to_owned());
    assert_eq!(world.requested(&world.signing, |_| {}), ours);
    assert_eq!(world.requested(&world.signing, |request| request.collector_instance_id = None), ours);
    assert_eq!(
        world.requested(&world.signing, |request| request.collector_instance_id = Some(OTHER.into())),
        refused(WrongInstance, "")
    );
    assert_eq!(
        world.requested(&world.signing, |request| {
            request.signing_cert = world.leaf(Role::CollectorSigner, OTHER, &world.signing);
        }),
        refused(WrongInstance, "")
    );
    // one key for both: its certificate is that of the identity, in both places
    assert_eq!(world.requested(&world.id, |request| request.signing_cert.clone_from(&request.id_cert)), ours);
    let twice = |request: &mut SyncRequest| {
        request.signing_cert = world.leaf(Role::CollectorId, INSTANCE, &world.signing);
    };
    assert_eq!(world.requested(&world.signing, twice).unwrap_err().0, WrongRole);
    // a renewal asks as a registration does
    let renewed = |request: &mut SyncRequest| {
        let key = key();
        request.csr = Some(csr(Role::CollectorId, INSTANCE, &key));
        request.signing_csr = Some(csr(Role::CollectorSigner, INSTANCE, &key));
    };
    assert_eq!(world.requested(&world.signing, renewed), refused(KeyReuse, ""));
    assert_eq!(
        world.requested(&world.signing, |request| request.csr = Some(csr(Role::CollectorId, OTHER, &key()))),
        refused(WrongInstance, "$.csr")
    );
}

#[test]
fn each_check_takes_its_own_document_alone() {
    let world = World::new();
    let response = signed(&Content::SyncResponse(Box::new(world.response())), &[(Member::Single, &world.cloud)]);
    let keys = [(Member::Named("id".into()), &world.id), (Member::Named("signing".into()), &world.signing)];
    let request = signed(&Content::SyncRequest(Box::new(world.request())), &keys);
    let wrong = Err(ErrorKind::WrongKind);
    let kind = |answer: Told<()>| answer.map_err(|(kind, _)| kind);
    let (own, trust) = (world.own(), &world.trust);
    assert_eq!(kind(told(verify::authorization(&response, &own, trust, now()).map(|_| ()))), wrong);
    assert_eq!(kind(told(verify::registration(&request, trust, now()).map(|_| ()))), wrong);
    assert_eq!(kind(told(verify::response(&request, &own, trust, now()).map(|_| ()))), wrong);
    assert_eq!(kind(told(verify::request(&response, &world.sub_ca_der(), trust, now()).map(|_| ()))), wrong);
}
