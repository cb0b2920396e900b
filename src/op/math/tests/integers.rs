//! Functions of integers.

use super::*;

#[test]
fn integer_division_and_powers_are_pythons() {
    let values = [
        0,
        1,
        -1,
        2,
        3,
        -3,
        7,
        -7,
        768,
        i32::MAX,
        i32::MIN,
        i32::MIN + 1,
    ];
    for (a, b) in values.iter().flat_map(|&a| values.map(|b| (a, b))) {
        let [floor, rest, power] = [int::floor_divide, int::remainder, int::pow]
            .map(|f| f(i64::from(a), i64::from(b)) as i32);
        assert_eq!(floor_div_i32(a, b), floor, "{a} // {b}");
        assert_eq!(rem_i32(a, b), rest, "{a} % {b}");
        assert_eq!(pow_i32(a, b), power, "{a} ** {b}");
    }
    assert_eq!((floor_div_u32(7, 0), rem_u32(7, 0)), (0, 0));
    assert_eq!(
        (floor_div_u32(u32::MAX, 7), rem_u32(u32::MAX, 7)),
        (u32::MAX / 7, u32::MAX % 7)
    );
}

/// Quotients of integers are computed in f64: right also beside multiples of the divisor, where they turn.
#[test]
fn integer_division_beside_multiples() {
    let divisors = [
        1u32,
        2,
        3,
        7,
        49,
        641,
        65_535,
        65_537,
        (1 << 31) - 1,
        1 << 31,
        u32::MAX - 1,
        u32::MAX,
    ];
    let wholes = (0..32).flat_map(|shift| [u32::MAX >> shift, 0xcafe_f00d >> shift]);
    for (whole, b) in wholes.flat_map(|whole| divisors.map(|b| (whole, b))) {
        let multiple = whole / b * b;
        for a in [
            multiple.wrapping_sub(1),
            multiple,
            multiple.wrapping_add(1),
            whole,
        ] {
            assert_eq!(
                (floor_div_u32(a, b), rem_u32(a, b)),
                (a / b, a % b),
                "{a} / {b}"
            );
            let (a, b) = (a as i32, b as i32);
            let (quotient, rest) = (a.wrapping_div(b), a.wrapping_rem(b));
            assert_eq!(
                (trunc_div_i32(a, b), fmod_i32(a, b)),
                (quotient, rest),
                "{a} / {b}"
            );
            let down = (rest != 0 && (rest < 0) != (b < 0)) as i32;
            let floor = (quotient - down, rest + down * b);
            assert_eq!((floor_div_i32(a, b), rem_i32(a, b)), floor, "{a} // {b}");
        }
    }
}

#[test]
fn integer_division_shifts_and_divisors() {
    let values = [
        0,
        1,
        -1,
        2,
        3,
        -3,
        7,
        12,
        31,
        32,
        -18,
        768,
        i32::MAX,
        i32::MIN,
    ];
    type Row = (
        fn(i32, i32) -> i32,
        fn(u32, u32) -> u32,
        fn(i64, i64) -> i64,
    );
    let rows: [Row; 5] = [
        (trunc_div_i32, floor_div_u32, int::trunc_divide),
        (fmod_i32, rem_u32, int::fmod),
        (shl_i32, shl_u32, int::left_shift),
        (shr_i32, shr_u32, int::right_shift),
        (gcd_i32, gcd_u32, int::gcd),
    ];
    for (i, (signed, unsigned, meaning)) in rows.into_iter().enumerate() {
        for (a, b) in values.iter().flat_map(|&a| values.map(|b| (a, b))) {
            let want = meaning(i64::from(a), i64::from(b)) as i32;
            assert_eq!(signed(a, b), want, "row {i} at {a}, {b}");
            let (a, b) = (a as u32, b as u32);
            let want = meaning(i64::from(a), i64::from(b)) as u32;
            assert_eq!(unsigned(a, b), want, "row {i} at {a}, {b}");
        }
    }
}

#[test]
fn integer_powers_wrap() {
    assert_eq!(
        [
            pow_i32(-3, 3),
            pow_i32(0, 0),
            pow_i32(2, 31),
            pow_i32(2, 32)
        ],
        [-27, 1, i32::MIN, 0]
    );
    assert_eq!(
        [
            pow_i32(1, -5),
            pow_i32(-1, -5),
            pow_i32(-1, -4),
            pow_i32(2, -1),
            pow_i32(0, -1)
        ],
        [1, -1, 1, 0, 0]
    );
    assert_eq!(
        [pow_u32(3, 20), pow_u32(3, 21)],
        [3_486_784_401, 1_870_418_611]
    );
}

#[test]
fn integer_signs_and_high_products() {
    assert_eq!([sign_i32(i32::MIN), sign_i32(0), sign_i32(9)], [-1, 0, 1]);
    assert_eq!(
        [abs_i32(i32::MIN), abs_i32(-3), abs_i32(3)],
        [i32::MIN, 3, 3]
    );
    assert_eq!(
        [
            mul_hi(u32::MAX, u32::MAX),
            mul_hi(1 << 31, 2),
            mul_hi(65535, 65535)
        ],
        [u32::MAX - 1, 1, 0]
    );
}
