//! Counting before the work is done.

use std::fmt;

use serde::Serialize;

/// A counted allowance with a name. `n` pass, one more is refused; what is refused is not counted.
///
/// It has neither text nor serde form: it counts inside one piece of work and ends with it.
///
/// ```
/// let mut reports = slp_model::Budget::new("reports_per_document", 2);
/// assert!(reports.take(2).is_ok());
/// assert_eq!(reports.take(1).unwrap_err().to_string(), "more than 2 (limit reports_per_document)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    name: &'static str,
    limit: u64,
    used: u64,
}

impl Budget {
    /// An allowance of `limit`, nothing used yet. `name` is the stable name of the limit.
    pub fn new(name: &'static str, limit: u64) -> Self {
        Self { name, limit, used: 0 }
    }

    /// Uses `amount` of it.
    ///
    /// # Errors
    /// [`LimitExceeded`] if not that much is left; nothing is used then.
    pub fn take(&mut self, amount: u64) -> Result<(), LimitExceeded> {
        match self.used.checked_add(amount) {
            Some(used) if used <= self.limit => {
                self.used = used;
                Ok(())
            }
            _ => Err(LimitExceeded { name: self.name, limit: self.limit }),
        }
    }

    /// How much is left.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// More was asked for than a limit allows.
///
/// As JSON: `{"name":…,"limit":…}`. It is written and not read, as errors are: the name is one of the program's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LimitExceeded {
    /// The stable name of the limit.
    pub name: &'static str,
    /// How much it allows.
    pub limit: u64,
}

impl LimitExceeded {
    /// The limit of this name, with what it allows.
    pub fn new(name: &'static str, limit: u64) -> Self {
        Self { name, limit }
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} (limit {})", self.limit, self.name)
    }
}

impl std::error::Error for LimitExceeded {}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn the_limit_itself_passes_and_one_more_is_refused() {
        let mut budget = Budget::new("x", 3);
        assert!(budget.take(3).is_ok());
        assert!(budget.take(0).is_ok());
        let refused = budget.take(1).unwrap_err();
        assert_eq!((refused.name, refused.to_string()), ("x", "more than 3 (limit x)".to_owned()));
        assert_eq!(serde_json::to_string(&refused).unwrap(), r#"{"name":"x","limit":3}"#);
        assert_eq!(budget.left(), 0);
    }

    #[test]
    fn a_refused_amount_is_not_counted_and_nothing_overflows() {
        let mut budget = Budget::new("x", u64::MAX);
        assert!(budget.take(u64::MAX).is_ok());
        assert!(budget.take(u64::MAX).is_err());
        let mut budget = Budget::new("x", 5);
        assert!(budget.take(6).is_err());
        assert_eq!(budget.left(), 5);
        assert!(budget.take(3).is_ok());
        assert_eq!(budget.left(), 2);
    }
}
