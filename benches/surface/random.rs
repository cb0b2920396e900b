//! Random numbers.

use super::cases::{Case, case, stored};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("uniform", "rng.random(1 << 20, dtype=np.float32)", |a| {
            stored(a.generator.clone().uniform([1 << 20], &a.dev)?)
        }),
        case(
            "normal",
            "rng.standard_normal(1 << 20, dtype=np.float32)",
            |a| stored(a.generator.clone().normal([1 << 20], &a.dev)?),
        ),
        case(
            "integers",
            "rng.integers(0, 1000, 1 << 20, dtype=np.int32)",
            |a| stored(a.generator.clone().integers(0, 1000, [1 << 20], &a.dev)?),
        ),
        case("permutation", "rng.permutation(1 << 20)", |a| {
            a.generator.clone().permutation(1 << 20, &a.dev)
        }),
    ]
}
