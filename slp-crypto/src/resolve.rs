//! Which keys may have signed something: the caller's knowledge. Spec: crypto, "The hook" (choice).

use std::collections::BTreeMap;

use slp_model::{Place, Udi};

use crate::certificate::Identity;
use crate::key::PublicKey;
use crate::verdict::Detail;

/// Finds keys for a signature. Nothing in a hint is proven: it narrows the search, the signature decides.
pub trait KeyResolver {
    /// The keys that may have signed. At most 16 are tried, in this order.
    fn keys(&self, hint: &KeyHint<'_>) -> KeyAnswer;
}

/// What stands beside a signature.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct KeyHint<'a> {
    /// What was signed.
    pub place: &'a Place,
    /// The device named beside the signature.
    pub signer: Option<&'a Udi>,
    /// The text of `key`.
    pub key_text: Option<&'a str>,
    /// The text of `signing_type`. It never selects an algorithm.
    pub signing_word: Option<&'a str>,
}

impl<'a> KeyHint<'a> {
    /// A hint that says no more than what was signed.
    pub const fn new(place: &'a Place) -> Self {
        Self { place, signer: None, key_text: None, signing_word: None }
    }
}

/// What a resolver knows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyAnswer {
    /// These keys; none means "unknown".
    Keys(Vec<PublicKey>),
    /// Nobody but the maker can check signatures of this kind.
    NotCheckable(Detail),
}

/// Knows no key.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct NoKeys;

impl KeyResolver for NoKeys {
    fn keys(&self, _: &KeyHint<'_>) -> KeyAnswer {
        KeyAnswer::Keys(Vec::new())
    }
}

impl<R: KeyResolver + ?Sized> KeyResolver for &R {
    fn keys(&self, hint: &KeyHint<'_>) -> KeyAnswer {
        (**self).keys(hint)
    }
}

/// The signed element that comes from a device. Spec: ack-auth, "smartLicenseTrustRequest".
const TRUST_REQUEST: &str = "smartLicenseTrustRequest";

/// What a key in a [`KeyMap`] is for. All parts have to be equal; trailing blanks of a UDI do not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyScope {
    /// This kind of content, from this signer, with this key text.
    Exact(Place, Udi, Box<str>),
    /// Whatever this signer signs with this key text.
    SignerAndKeyText(Udi, Box<str>),
    /// Whatever this signer signs.
    Signer(Udi),
    /// Whatever is signed with this key text.
    KeyText(Box<str>),
    /// This kind of content, whoever signs it.
    Place(Place),
    /// Every element that the cloud signs. A `smartLicenseTrustRequest` is none: its device signs it.
    CloudElements,
}

/// Keys by exact matches, tried in the order of [`KeyScope`]: the narrowest first.
///
/// One device can own several certificates (doc), so each scope holds any number of keys.
#[derive(Clone, Debug, Default)]
pub struct KeyMap {
    devices: BTreeMap<Box<str>, BTreeMap<Box<str>, Vec<DeviceKey>>>,
    by_text: BTreeMap<Box<str>, Vec<PublicKey>>,
    by_place: BTreeMap<Place, Vec<PublicKey>>,
    cloud: Vec<PublicKey>,
}

#[derive(Clone, Debug)]
struct DeviceKey {
    place: Option<Place>,
    key_text: Option<Box<str>>,
    key: PublicKey,
}

impl KeyMap {
    /// No keys yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Is there no key?
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty() && self.by_text.is_empty() && self.by_place.is_empty() && self.cloud.is_empty()
    }

    /// Adds a key.
    pub fn insert(&mut self, scope: KeyScope, key: PublicKey) {
        match scope {
            KeyScope::Exact(place, udi, text) => {
                self.insert_device(&Identity::from(&udi), Some(place), Some(text), key);
            }
            KeyScope::SignerAndKeyText(udi, text) => self.insert_device(&Identity::from(&udi), None, Some(text), key),
            KeyScope::Signer(udi) => self.insert_device(&Identity::from(&udi), None, None, key),
            KeyScope::KeyText(text) => self.by_text.entry(text).or_default().push(key),
            KeyScope::Place(place) => self.by_place.entry(place).or_default().push(key),
            KeyScope::CloudElements => self.cloud.push(key),
        }
    }

    /// Adds a key of the device that a certificate names.
    pub(crate) fn insert_holder(&mut self, holder: &Identity, key: PublicKey) {
        self.insert_device(holder, None, None, key);
    }

    fn insert_device(&mut self, device: &Identity, place: Option<Place>, key_text: Option<Box<str>>, key: PublicKey) {
        let (pid, serial) = device.compared();
        self.devices.entry(pid.into()).or_default().entry(serial.into()).or_default().push(DeviceKey {
            place,
            key_text,
            key,
        });
    }

    fn collect(&self, hint: &KeyHint<'_>) -> Vec<PublicKey> {
        let mut keys = Vec::new();
        let device = hint.signer.map(Identity::from);
        let device =
            device.as_ref().map(Identity::compared).and_then(|(pid, serial)| self.devices.get(pid)?.get(serial));
        // 0: place, signer and text; 1: signer and text; 2: signer
        for level in 0..3_u8 {
            for entry in device.into_iter().flatten() {
                let text_fits = entry.key_text.is_some() && entry.key_text.as_deref() == hint.key_text;
                let fits = match (&entry.place, &entry.key_text) {
                    (Some(place), _) => level == 0 && place == hint.place && text_fits,
                    (None, Some(_)) => level == 1 && text_fits,
                    (None, None) => level == 2,
                };
                if fits {
                    keys.push(entry.key.clone());
                }
            }
        }
        let by_text = hint.key_text.and_then(|text| self.by_text.get(text));
        keys.extend(by_text.into_iter().flatten().cloned());
        keys.extend(self.by_place.get(hint.place).into_iter().flatten().cloned());
        if matches!(hint.place, Place::CloudElement(name) if &**name != TRUST_REQUEST) {
            keys.extend(self.cloud.iter().cloned());
        }
        keys
    }
}

impl KeyResolver for KeyMap {
    fn keys(&self, hint: &KeyHint<'_>) -> KeyAnswer {
        KeyAnswer::Keys(self.collect(hint))
    }
}
