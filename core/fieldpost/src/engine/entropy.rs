//! Chance: ids and jitter. From the operating system, or from a seed where a run must be repeatable.

/// A source of chance.
#[derive(Debug, Clone)]
pub(crate) enum Entropy {
    /// The operating system's.
    System,
    /// A seed's: the same seed, the same run.
    Seeded(fastrand::Rng),
}

impl Entropy {
    pub(crate) fn seeded(seed: u64) -> Self {
        Entropy::Seeded(fastrand::Rng::with_seed(seed))
    }

    /// Random bytes.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Entropy::Seeded(rng) => rng.fill(&mut bytes),
            Entropy::System => {
                // Only an early boot has no randomness yet; the hasher's seed then stands in.
                if getrandom::fill(&mut bytes).is_err() {
                    fastrand::fill(&mut bytes);
                }
            }
        }
        bytes
    }

    /// Uniform over `u64`.
    pub(crate) fn chance(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }
}
