//! The values that a configuration is made of, each of which says what is expected in its place.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// For a key that may be left out but not be null: a null could be read as "none" or as "the
/// default".
pub(super) fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A table. What serde derives would take an array for one.
#[derive(Default)]
pub(super) struct Table<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tables<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Tables<T> {
            type Value = Table<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Table)
            }
        }
        deserializer.deserialize_map(Tables(PhantomData))
    }
}

/// A whole number within bounds.
#[derive(Clone, Copy)]
pub(super) struct Whole<const LEAST: u64, const MOST: u64>(pub(super) u64);

impl<'de, const LEAST: u64, const MOST: u64> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wholes<const LEAST: u64, const MOST: u64>;
        impl<const LEAST: u64, const MOST: u64> Visitor<'_> for Wholes<LEAST, MOST> {
            type Value = Whole<LEAST, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {LEAST} to {MOST}")
            }

            fn visit_u64<E: Error>(self, n: u64) -> Result<Self::Value, E> {
                if !(LEAST..=MOST).contains(&n) {
                    return Err(E::invalid_value(Unexpected::Unsigned(n), &self));
                }
                Ok(Whole(n))
            }

            fn visit_i64<E: Error>(self, n: i64) -> Result<Self::Value, E> {
                match u64::try_from(n) {
                    Ok(n) => self.visit_u64(n),
                    Err(_) => Err(E::invalid_value(Unexpected::Signed(n), &self)),
                }
            }
        }
        deserializer.deserialize_u64(Wholes)
    }
}

/// A value that is written as one of a few words.
pub(super) trait Words: Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];
}

/// One of the words of `W`.
#[derive(Clone, Copy)]
pub(super) struct Word<W>(pub(super) W);

impl<'de, W: Words> Deserialize<'de> for Word<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Spelt<W>(PhantomData<W>);
        impl<W: Words> Visitor<'_> for Spelt<W> {
            type Value = Word<W>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let last = W::WORDS.len().saturating_sub(1);
                for (i, (word, _)) in W::WORDS.iter().enumerate() {
                    let between = match i {
                        0 => "",
                        i if i == last => " or ",
                        _ => ", ",
                    };
                    write!(f, "{between}`{word}`")?;
                }
                Ok(())
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                let found = W::WORDS.iter().find(|(word, _)| *word == text);
                let (_, value) =
                    found.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))?;
                Ok(Word(*value))
            }
        }
        deserializer.deserialize_str(Spelt(PhantomData))
    }
}

/// A quota's table, or `false` for a scope that is not limited.
pub(super) struct Limit(pub(super) Option<QuotaTable>);

/// The figures of a quota.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuotaTable {
    pub(super) per_minute: Whole<1, { u32::MAX as u64 }>,
    pub(super) burst: Whole<1, { u32::MAX as u64 }>,
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Limits;
        impl<'de> Visitor<'de> for Limits {
            type Value = Limit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of `per_minute` and `burst`, or `false`")
            }

            fn visit_bool<E: Error>(self, limited: bool) -> Result<Self::Value, E> {
                if limited {
                    return Err(E::invalid_value(Unexpected::Bool(limited), &self));
                }
                Ok(Limit(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                QuotaTable::deserialize(MapAccessDeserializer::new(map)).map(Some).map(Limit)
            }
        }
        deserializer.deserialize_any(Limits)
    }
}
