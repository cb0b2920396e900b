//! Arguments at which functions are tried.

use crate::op::math::philox;

pub(crate) const EDGES: &[f32] = &[
    0.0,
    1.0,
    0.5,
    2.0,
    3.0,
    0.1,
    10.0,
    1e10,
    1e-10,
    1e-45,
    1e-40,
    1.1754942e-38,
    f32::MIN_POSITIVE,
    f32::MAX,
    f32::INFINITY,
    f32::NAN,
    f32::EPSILON,
    0.99999994,
    1.0000001,
    1.5,
    2.5,
    8_388_607.5,
    8_388_608.0,
    16_777_216.0,
    4_194_303.5,
    std::f32::consts::PI,
    std::f32::consts::FRAC_PI_2,
    std::f32::consts::FRAC_PI_4,
    0.92,
    0.55,
    3.919206,
    4.0,
    9.01,
    17.3,
    87.33655,
    88.0,
    88.72283,
    88.72284,
    89.0,
    89.415985,
    89.416,
    103.97207,
    103.97208,
    104.0,
    127.99999,
    128.0,
    149.5,
    150.0,
    6400.0,
    6401.0,
    1e5,
    2147483520.0,
    2147483648.0,
    4294967040.0,
    4294967296.0,
];

pub(crate) fn edges() -> impl Iterator<Item = f32> + Clone {
    EDGES.iter().flat_map(|&x| [x, -x])
}

/// Every so many bit patterns.
pub(crate) fn sweep(step: usize) -> impl Iterator<Item = f32> {
    (0..=u32::MAX).step_by(step).map(f32::from_bits)
}

/// Bits without order, the same each time.
pub(crate) fn random_bits(count: u32) -> impl Iterator<Item = [u32; 4]> {
    (0..count).map(|i| philox([i, 0, 0, 0], [7, 7]))
}

/// Pairs: of edges; of any bits; of numbers of about the same size.
pub(crate) fn pairs(count: u32) -> impl Iterator<Item = (f32, f32)> {
    let edges = edges().flat_map(|a| edges().map(move |b| (a, b)));
    let random = random_bits(count).flat_map(|[a, b, c, d]| {
        let near = |bits: u32| f32::from_bits(bits & 0x87ff_ffff | 0x3c00_0000);
        [
            (f32::from_bits(a), f32::from_bits(b)),
            (near(c), near(d)),
            (near(a) * 100.0, near(d)),
        ]
    });
    edges.chain(random)
}

/// Pairs whose power spreads over the whole range, half of them with bases near 1.
pub(crate) fn power_pairs(count: u32) -> impl Iterator<Item = (f32, f32)> {
    random_bits(count).map(|[a, b, c, _]| {
        let x = f32::from_bits(if c & 1 == 0 {
            a & 0x7fff_ffff
        } else {
            a & 0x00ff_ffff | 0x3f00_0000
        });
        let log2_of_power = (f64::from(b) / 2f64.powi(32) - 0.5) * 300.0;
        (x, (log2_of_power / f64::from(x).log2()) as f32)
    })
}
