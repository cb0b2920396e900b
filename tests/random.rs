//! Random tensors: the bits of Philox, and what is made of them.

use tilewise::{DType, Device, Generator, Result, Tensor};

use crate::support::compare::assert_same;
use crate::support::golden::Golden;

tests![
    known_bits,
    streams,
    integers,
    permutation,
    distributions,
    same_on_all
];

/// Philox 4×32-10 by the rounds of the paper.
fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let (mut c, mut k) = (counter, key);
    for _ in 0..10 {
        let a = c[0] as u64 * 0xD251_1F53;
        let b = c[2] as u64 * 0xCD9E_8D57;
        let high = |v: u64| (v >> 32) as u32;
        c = [
            high(b) ^ c[1] ^ k[0],
            b as u32,
            high(a) ^ c[3] ^ k[1],
            a as u32,
        ];
        k = [
            k[0].wrapping_add(0x9E37_79B9),
            k[1].wrapping_add(0xBB67_AE85),
        ];
    }
    c
}

/// Element i of draw n under a seed, as uniform numbers are made of it.
fn uniform(seed: u64, draw: u64, i: usize) -> f32 {
    let counter = [i as u32, 0, draw as u32, (draw >> 32) as u32];
    let word = philox(counter, [seed as u32, (seed >> 32) as u32])[0];
    (word >> 8) as f32 / (1 << 24) as f32
}

fn known_bits(device: &Device) -> Result<()> {
    let mut reachable = 0;
    for case in Golden::read("philox.txt").cases() {
        let quad = |key: &str| case.array(key).values::<u32>();
        let (counter, key, words) = (quad("counter"), quad("key"), quad("words"));
        let counter: [u32; 4] = counter.try_into().expect("four words");
        assert_eq!(
            philox(counter, [key[0], key[1]]).as_slice(),
            words,
            "{}",
            case.name
        );
        // Counters of early elements of early draws, as the device computes them.
        let [element, 0, draw, 0] = counter else {
            continue;
        };
        if element < 100 && draw < 100 {
            let mut generator = Generator::new(key[0] as u64 | (key[1] as u64) << 32);
            for _ in 0..draw {
                generator.uniform([1], device)?;
            }
            let x = generator.uniform([element as usize + 1], device)?;
            let got = x.to_vec::<f32>()?[element as usize];
            assert_eq!(
                got,
                (words[0] >> 8) as f32 / (1 << 24) as f32,
                "{}",
                case.name
            );
            reachable += 1;
        }
    }
    assert!(reachable >= 5);
    Ok(())
}

/// The same bits in any shape, through views, and whatever else is in the kernel.
fn streams(device: &Device) -> Result<()> {
    let seed = 0x1234_5678_9ABC_DEF0;
    let want: Vec<f32> = (0..1001).map(|i| uniform(seed, 1, i)).collect();
    let mut generator = Generator::new(seed);
    generator.normal([3], device)?;
    let x = generator.uniform([7, 11, 13], device)?;
    assert_same("uniform", &x.to_vec()?, &want);
    let mut generator = Generator::new(seed);
    generator.integers(0, 2, [3], device)?;
    let x = generator.uniform([7, 11, 13], device)?;
    let reversed: Vec<f32> = want.iter().rev().map(|v| v + 1.0).collect();
    let flipped = x.reshape([1001])?.flip(0)? + 1.0;
    assert_same("flipped", &flipped.to_vec()?, &reversed);
    // Inside a reduction, whose order differs from that of the elements.
    let mut generator = Generator::new(seed);
    generator.uniform([1], device)?;
    let sums = (generator.uniform([7, 143], device)? * 16777216.0)
        .to_dtype(DType::U32)
        .sum(0)?;
    let by_loops: Vec<u32> = (0..143)
        .map(|c| {
            (0..7)
                .map(|r| (want[r * 143 + c] * 16777216.0) as u32)
                .sum()
        })
        .collect();
    assert_same("column sums", &sums.to_vec()?, &by_loops);
    device.seed(seed);
    let first = Tensor::uniform([5], device)?.to_vec::<f32>()?;
    device.seed(seed);
    assert_eq!(Tensor::uniform([5], device)?.to_vec::<f32>()?, first);
    assert_ne!(Tensor::uniform([5], device)?.to_vec::<f32>()?, first);
    assert_eq!(Generator::new(1).uniform([0, 4], device)?.shape(), [0, 4]);
    Ok(())
}

fn integers(device: &Device) -> Result<()> {
    let mut generator = Generator::new(3);
    for (low, high) in [
        (-3, 4),
        (0, 1),
        (i32::MIN as i64, i32::MAX as i64 + 1),
        (5, 6),
    ] {
        let x: Vec<i64> = generator.integers(low, high, [2001], device)?.to_vec()?;
        assert!(x.iter().all(|v| (low..high).contains(v)), "{low}..{high}");
        if high - low == 7 {
            assert!((low..high).all(|v| x.iter().filter(|&&w| w == v).count() > 200));
        }
    }
    for (low, high) in [(3, 3), (4, 3), (0, 1 << 32)] {
        assert!(generator.integers(low, high, [1], device).is_err());
    }
    Ok(())
}

fn permutation(device: &Device) -> Result<()> {
    let x = Generator::new(5).permutation(1000, device)?;
    assert_eq!(x.dtype(), DType::U32);
    let mut order: Vec<u32> = x.to_vec()?;
    assert!(order.iter().enumerate().any(|(i, &v)| i as u32 != v));
    order.sort_unstable();
    assert_eq!(order, (0..1000).collect::<Vec<u32>>());
    assert_eq!(Generator::new(5).permutation(0, device)?.size(), 0);
    Ok(())
}

fn distributions(device: &Device) -> Result<()> {
    let n = 100_001;
    let mut generator = Generator::new(11);
    let moments = |x: Tensor| -> Result<(f64, f64, f64, f64)> {
        let x: Vec<f64> = x.to_vec()?;
        let mean = x.iter().sum::<f64>() / n as f64;
        let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
        let low = x.iter().cloned().fold(f64::INFINITY, f64::min);
        Ok((
            mean,
            variance,
            low,
            x.iter().cloned().fold(f64::NEG_INFINITY, f64::max),
        ))
    };
    // Bounds are of six standard errors.
    let (mean, variance, low, high) = moments(generator.uniform([n], device)?)?;
    assert!(
        (mean - 0.5).abs() < 6.0 * (1.0 / 12.0 / n as f64).sqrt(),
        "{mean}"
    );
    assert!(
        (variance - 1.0 / 12.0).abs() < 6.0 * (1.0 / 180.0 / n as f64).sqrt(),
        "{variance}"
    );
    assert!((0.0..0.001).contains(&low) && 0.999 < high && high < 1.0);
    let (mean, variance, low, high) = moments(generator.normal([n], device)?)?;
    assert!(mean.abs() < 6.0 / (n as f64).sqrt(), "{mean}");
    assert!(
        (variance - 1.0).abs() < 6.0 * (2.0 / n as f64).sqrt(),
        "{variance}"
    );
    assert!(low < -3.5 && high > 3.5 && low > -6.0 && high < 6.0);
    let (_, _, low, high) = moments(generator.uniform_in(-2.0, 3.0, [n], device)?)?;
    assert!((-2.0..-1.99).contains(&low) && 2.99 < high && high <= 3.0);
    assert!(generator.uniform_in(2.0, 1.0, [1], device).is_err());
    assert!(
        generator
            .uniform_in(0.0, f64::INFINITY, [1], device)
            .is_err()
    );
    Ok(())
}

/// A seed means the same uniform bits everywhere.
fn same_on_all(device: &Device) -> Result<()> {
    let draw = |device: &Device| {
        Generator::new(99)
            .uniform([33, 31], device)?
            .to_vec::<f32>()
    };
    assert_same("uniform", &draw(device)?, &draw(&Device::cpu())?);
    let draw = |device: &Device| {
        Generator::new(9)
            .integers(-5, 50, [999], device)?
            .to_vec::<i32>()
    };
    assert_same("integers", &draw(device)?, &draw(&Device::cpu())?);
    Ok(())
}
