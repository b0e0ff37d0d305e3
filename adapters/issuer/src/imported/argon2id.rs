//! Argon2id (RFC 9106), as PHC strings carry it: what every imported secret becomes.

use std::fmt;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::hash::{InvalidHash, NoMemory, number};
use crate::random::{Random, RandomError};

const SCHEME: &str = "$argon2id$v=19$";
const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 32;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// OWASP's least for Argon2id.
    pub(crate) const DEFAULT: Self = Self { memory: 19_456, passes: 2, lanes: 1 };

    /// Checked before any work: another's file shall not take the memory or the time of this
    /// process.
    fn new(memory: u32, passes: u32, lanes: u32) -> Result<Self, InvalidHash> {
        let is_bounded = (4_096..=262_144).contains(&memory)
            && (1..=10).contains(&passes)
            && (1..=4).contains(&lanes);
        is_bounded.then_some(Self { memory, passes, lanes }).ok_or(InvalidHash::Argon2idCost)
    }

    fn read(text: &str) -> Option<[u32; 3]> {
        let (memory, rest) = text.strip_prefix("m=")?.split_once(",t=")?;
        let (passes, lanes) = rest.split_once(",p=")?;
        Some([number(memory)?, number(passes)?, number(lanes)?])
    }

    /// So much memory is written so often: what an attacker has to pay for.
    fn work(self) -> u64 {
        u64::from(self.memory).saturating_mul(u64::from(self.passes))
    }
}

/// An Argon2id hash.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Argon2id {
    cost: Cost,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Argon2id {
    /// Hashes a secret under today's cost.
    pub(crate) fn make(secret: &[u8], random: &dyn Random) -> Result<Self, MakeError> {
        let mut hash = Self::drawn(random)?;
        hash.tag = hash.work(secret)?.to_vec();
        Ok(hash)
    }

    /// A hash that no secret has, which costs what one of today costs.
    pub(crate) fn drawn(random: &dyn Random) -> Result<Self, RandomError> {
        let (mut salt, mut tag) = (vec![0; SALT_BYTES], vec![0; TAG_BYTES]);
        random.fill(&mut salt)?;
        random.fill(&mut tag)?;
        Ok(Self { cost: Cost::DEFAULT, salt, tag })
    }

    /// Reads a PHC string; `None` for another scheme.
    pub(crate) fn read(text: &str) -> Option<Result<Self, InvalidHash>> {
        text.starts_with("$argon2id$").then(|| Self::read_own(text))
    }

    fn read_own(text: &str) -> Result<Self, InvalidHash> {
        // Version 1.0, which writes `v=16` or nothing, is not supported: it is from before 2016.
        let rest = text.strip_prefix(SCHEME).ok_or(InvalidHash::Form)?;
        let mut parts = rest.split('$');
        let (Some(cost), Some(salt), Some(tag), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidHash::Form);
        };
        let [memory, passes, lanes] = Cost::read(cost).ok_or(InvalidHash::Form)?;
        let cost = Cost::new(memory, passes, lanes)?;
        let bytes = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| InvalidHash::Form);
        let (salt, tag) = (bytes(salt)?, bytes(tag)?);
        if !(8..=64).contains(&salt.len()) || !(16..=64).contains(&tag.len()) {
            return Err(InvalidHash::Length);
        }
        Ok(Self { cost, salt, tag })
    }

    /// Whether it is of that secret; the work is the same if not.
    pub(crate) fn verify(&self, secret: &[u8]) -> Result<bool, NoMemory> {
        Ok(self.work(secret)?.ct_eq(&self.tag).into())
    }

    /// Whether it costs an attacker less than one that is made today.
    pub(crate) fn is_weak(&self) -> bool {
        self.cost.work() < Cost::DEFAULT.work()
    }

    /// 1 us for each KiB and pass, where 0.3 to 1 were measured.
    pub(super) fn time(&self) -> Duration {
        Duration::from_micros(self.cost.work())
    }

    fn work(&self, secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, NoMemory> {
        let Cost { memory, passes, lanes } = self.cost;
        let mut tag = Zeroizing::new(vec![0; self.tag.len()]);
        let params = Params::new(memory, passes, lanes, Some(tag.len())).map_err(|_| NoMemory)?;
        let mut blocks = Zeroizing::new(Vec::new());
        // Asked for, so that too little memory is an error and not the end of the process.
        blocks.try_reserve_exact(params.block_count()).map_err(|_| NoMemory)?;
        blocks.resize(params.block_count(), Block::new());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2
            .hash_password_into_with_memory(secret, &self.salt, &mut tag, blocks.as_mut_slice())
            .map_err(|_| NoMemory)?;
        Ok(tag)
    }
}

/// The PHC string.
impl fmt::Display for Argon2id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { memory, passes, lanes } = self.cost;
        let text = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
        write!(
            f,
            "{SCHEME}m={memory},t={passes},p={lanes}${}${}",
            text(&self.salt),
            text(&self.tag)
        )
    }
}

/// Why no hash could be made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum MakeError {
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    NoMemory(#[from] NoMemory),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandom;

    const SECRET: &[u8] = b"correct horse battery staple";
    const SALT: &str = "AAECAwQFBgcICQoLDA0ODw";
    const TAG: &str = "gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU";

    fn read(text: &str) -> Result<Argon2id, InvalidHash> {
        Argon2id::read(text).unwrap()
    }

    // Made by Python's argon2-cffi 25.1 (the reference implementation):
    // hash_secret(secret, bytes(range(16)), t, m, p, length, Type.ID).
    #[test]
    fn what_another_implementation_made_is_verified_and_written_again() {
        for (text, secret) in [
            (
                "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU",
                SECRET,
            ),
            (
                "$argon2id$v=19$m=4096,t=3,p=1$AAECAwQFBgcICQoLDA0ODw$VTsSHiMxkq48zEo8LUSymjr7JjaRSgsxGX2Z8HQE9Cw",
                SECRET,
            ),
            (
                "$argon2id$v=19$m=8192,t=1,p=4$AAECAwQFBgcICQoLDA0ODw$MX3M6V9KjpIx2NHoZabDlQ",
                "pässwörd".as_bytes(),
            ),
            (
                "$argon2id$v=19$m=4096,t=1,p=2$AAECAwQFBgcICQoLDA0ODw$+n1SM+dw+Hh9ONH6kx3LY4G2Ttl57kL02Jr8PHchHLymBv8B1MCI0aNVqma5IayDjIiv4O9QTkvcYgxCbo5D7A",
                SECRET,
            ),
        ] {
            let hash = read(text).unwrap();
            assert_eq!(hash.to_string(), text);
            assert!(hash.verify(secret).unwrap(), "{text}");
            assert!(!hash.verify(b"correct horse battery stapld").unwrap());
            assert!(!hash.verify(b"").unwrap());
        }
    }

    #[test]
    fn one_that_is_made_is_of_its_secret_alone_and_never_the_same() {
        let random = OsRandom::warm().unwrap();
        let hash = Argon2id::make(SECRET, &random).unwrap();
        assert!(hash.to_string().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hash.verify(SECRET).unwrap());
        assert!(!hash.verify(b"another").unwrap());
        assert_ne!(hash.to_string(), Argon2id::make(SECRET, &random).unwrap().to_string());
        assert!(!Argon2id::drawn(&random).unwrap().verify(SECRET).unwrap());
    }

    #[test]
    fn secrets_that_differ_after_255_bytes_differ() {
        let hash = Argon2id::make(&[b'a'; 256], &OsRandom::warm().unwrap()).unwrap();
        assert!(hash.verify(&[b'a'; 256]).unwrap());
        for length in [72, 128, 255] {
            let mut other = [b'a'; 256];
            other[length..].fill(b'b');
            assert!(!hash.verify(&other).unwrap(), "{length}");
            assert!(!hash.verify(&other[..length]).unwrap(), "{length}");
        }
    }

    #[test]
    fn the_bounds_of_each_cost_are_exact() {
        for (memory, passes, lanes, good) in [
            (4_095, 1, 1, false),
            (4_096, 1, 1, true),
            (262_144, 10, 4, true),
            (262_145, 10, 4, false),
            (4_096, 0, 1, false),
            (4_096, 11, 1, false),
            (4_096, 1, 0, false),
            (4_096, 1, 5, false),
            (u32::MAX, u32::MAX, u32::MAX, false),
        ] {
            let text = format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${SALT}${TAG}");
            let expected = if good { None } else { Some(InvalidHash::Argon2idCost) };
            assert_eq!(read(&text).err(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_refused() {
        let good = format!("$argon2id$v=19$m=4096,t=1,p=1${SALT}${TAG}");
        assert!(read(&good).is_ok());
        for bad in [
            good.replace("v=19", "v=16"),
            good.replace("v=19$", ""),
            good.replace("m=4096,t=1", "t=1,m=4096"),
            good.replace("m=4096", "m=+4096"),
            good.replace("m=4096", "m=04096"),
            good.replace("m=4096", "m=99999999999"),
            good.replace("p=1", "p=1,keyid=AA"),
            format!("{good}="),
            format!("{good}$"),
            good.replace(TAG, "@"),
        ] {
            assert_eq!(read(&bad).err(), Some(InvalidHash::Form), "{bad}");
        }
        let short = good.replace(SALT, "AAECAwQFBg");
        assert_eq!(read(&short).err(), Some(InvalidHash::Length));
        assert_eq!(
            read(&good.replace(TAG, "AAECAwQFBgcICQoLDA0O")).err(),
            Some(InvalidHash::Length)
        );
        assert!(Argon2id::read(&good.replace("argon2id", "argon2i")).is_none());
    }

    #[test]
    fn one_that_costs_less_than_today_is_weak() {
        let weak = |memory, passes| {
            read(&format!("$argon2id$v=19$m={memory},t={passes},p=1${SALT}${TAG}"))
                .unwrap()
                .is_weak()
        };
        assert!(weak(4_096, 3) && weak(16_384, 2) && weak(19_455, 2) && weak(19_456, 1));
        assert!(!weak(19_456, 2) && !weak(47_104, 1) && !weak(9_728, 4));
    }
}
