//! A fault with the path to its member.

use slp_model::json::{Fault, FaultKind};

/// Why a value could not be read, and in which member. One pointer wide.
#[derive(Debug)]
pub(crate) struct Fail(Box<Inner>);

#[derive(Debug)]
struct Inner {
    fault: Fault,
    path: String,
    shape: bool,
}

impl Fail {
    /// The JSON is fine, its value is not.
    #[cold]
    pub(crate) fn shape(offset: usize, text: impl Into<String>) -> Self {
        let fault = Fault::new(FaultKind::Type, offset, text.into());
        Self(Box::new(Inner { fault, path: String::new(), shape: true }))
    }

    #[cold]
    pub(crate) fn missing(offset: usize, name: &'static str) -> Self {
        Self::shape(offset, "the member is missing").in_member(name)
    }

    #[cold]
    pub(crate) fn limit(offset: usize, name: &'static str, limit: u64) -> Self {
        let fault = Fault::new(FaultKind::Limit(name), offset, format!("more than {limit} (limit {name})"));
        Self(Box::new(Inner { fault, path: String::new(), shape: false }))
    }

    /// The same, seen from the object around it. Names of the peer are shortened and made printable.
    #[cold]
    pub(crate) fn in_member(mut self, name: &str) -> Self {
        self.0.path.insert_str(0, name);
        self.0.path.insert(0, '.');
        self
    }

    /// The same, seen from the array around it.
    #[cold]
    pub(crate) fn in_element(mut self, index: usize) -> Self {
        self.0.path.insert_str(0, &format!("[{index}]"));
        self
    }

    pub(crate) fn fault(&self) -> &Fault {
        &self.0.fault
    }

    pub(crate) fn path(&self) -> &str {
        &self.0.path
    }

    pub(crate) fn is_shape(&self) -> bool {
        self.0.shape
    }
}

impl From<Fault> for Fail {
    #[cold]
    fn from(fault: Fault) -> Self {
        Self(Box::new(Inner { fault, path: String::new(), shape: false }))
    }
}
