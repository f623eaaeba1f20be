//! The stored form of states: that of serde, so that a server survives a restart.
//!
//! Members are the fields. What must hold between them is checked on the way back, so that a file that was edited is
//! refused and not worked with.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// For maps whose keys are no texts: a list of pairs.
pub(crate) mod pairs {
    use super::{BTreeMap, Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Vec::<(K, V)>::deserialize(deserializer).map(|pairs| pairs.into_iter().collect())
    }
}

/// Gives a type its stored form: the derived one, which `#[serde(remote = "Self")]` makes, and a check behind it.
macro_rules! checked {
    ($name:ident, $check:expr) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // the function of the type, not this one
                Self::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut state = Self::deserialize(deserializer)?;
                let check: fn(&mut Self) -> Result<(), &'static str> = $check;
                check(&mut state).map_err(serde::de::Error::custom)?;
                Ok(state)
            }
        }
    };
}

pub(crate) use checked;
