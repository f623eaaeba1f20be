//! Whose signatures the device believes.

use std::fmt;
use std::sync::Arc;

use slp_crypto::{KeyMap, KeyScope, PublicKey, TimePolicy, TrustStore, Verifier};
use slp_kit::Error;
use slp_model::SignedContent;
use slp_rum::TrustCode;
use slp_rum::import::{Judge, Leaf, LeafFault, Verdict};

/// The cloud's keys: one for documents, one root for trust codes. Shared by all devices of a program.
#[derive(Clone)]
pub struct Trusted(Arc<Inner>);

struct Inner {
    keys: KeyMap,
    roots: TrustStore,
}

impl Trusted {
    /// Nobody: signatures are not checked, and no trust code is taken.
    pub fn nobody() -> Self {
        Self(Arc::new(Inner { keys: KeyMap::new(), roots: TrustStore::empty() }))
    }

    /// Documents by this key, trust codes under this root (DER).
    ///
    /// # Errors
    /// When the root is no certificate that can stand above others.
    pub fn new(documents: &PublicKey, root: &[u8]) -> Result<Self, Error> {
        let mut keys = KeyMap::new();
        keys.insert(KeyScope::CloudElements, documents.clone());
        let mut roots = TrustStore::empty();
        roots.add_anchor(root)?;
        Ok(Self(Arc::new(Inner { keys, roots })))
    }
}

impl fmt::Debug for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trusted").field("roots", &self.0.roots.anchors().len()).finish_non_exhaustive()
    }
}

impl Judge for Trusted {
    fn has_server_key(&self) -> bool {
        !self.0.keys.is_empty()
    }

    fn judge(&self, content: &SignedContent<'_>) -> Verdict {
        let verifier = Verifier::builder(&self.0.roots).keys(&self.0.keys).build();
        slp_kit::verdict(&verifier.verify(content, TimePolicy::Ignore))
    }

    fn leaf(&self, code: &TrustCode) -> Result<Leaf, LeafFault> {
        slp_kit::device_leaf(&self.0.roots, code)
    }
}
