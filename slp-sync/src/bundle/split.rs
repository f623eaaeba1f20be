//! Several bundles where one would be too large.

/// How much goes into one bundle. The limits of the cloud are not public. Spec: sync, "Writer bytes" (choice).
///
/// ```
/// use slp_sync::bundle::Split;
///
/// let mut split = Split::default();
/// split.max_devices = 2;
/// let mut portions = split.start();
/// let begins: Vec<bool> = [10, 10, 10].into_iter().map(|bytes| portions.begins(bytes)).collect();
/// assert_eq!(begins, [false, false, true]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// Leaves in one bundle. Default 50,000.
    pub max_devices: u64,
    /// Bytes of all leaves of one bundle, before they are packed. Default 4 GiB.
    pub max_raw_bytes: u64,
}

impl Default for Split {
    fn default() -> Self {
        Self { max_devices: 50_000, max_raw_bytes: 4 << 30 }
    }
}

impl Split {
    /// Everything in one bundle.
    pub fn never() -> Self {
        Self { max_devices: u64::MAX, max_raw_bytes: u64::MAX }
    }

    /// Before the first leaf.
    pub fn start(self) -> Portions {
        Portions { split: self, devices: 0, bytes: 0 }
    }
}

/// What is in the bundle under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portions {
    split: Split,
    devices: u64,
    bytes: u64,
}

impl Portions {
    /// Counts the next leaf, which has so many bytes. True if it begins a further bundle: of
    /// [`Plan::further`](super::Plan::further). A leaf that is too large by itself has a bundle of its own.
    pub fn begins(&mut self, bytes: u64) -> bool {
        let (devices, sum) = (self.devices.saturating_add(1), self.bytes.saturating_add(bytes));
        let full = self.devices > 0 && (devices > self.split.max_devices || sum > self.split.max_raw_bytes);
        (self.devices, self.bytes) = if full { (1, bytes) } else { (devices, sum) };
        full
    }
}

#[cfg(test)]
mod tests {
    use super::Split;

    #[test]
    fn a_bundle_is_full_by_devices_or_by_bytes_and_never_empty() {
        let split = Split { max_devices: 3, max_raw_bytes: 100 };
        let begins = |sizes: &[u64]| {
            let mut portions = split.start();
            sizes.iter().map(|bytes| portions.begins(*bytes)).collect::<Vec<_>>()
        };
        assert_eq!(begins(&[1, 1, 1, 1, 1, 1, 1]), [false, false, false, true, false, false, true]);
        assert_eq!(begins(&[50, 50, 1, 99, 1]), [false, false, true, false, true]);
        assert_eq!(begins(&[500, 500, 1]), [false, true, true], "a leaf that is too large is alone");
        let mut never = Split::never().start();
        assert!((0..1_000).all(|_| !never.begins(u64::MAX / 100)));
    }
}
