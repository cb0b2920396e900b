//! The pointwise operations, their WGSL and their meaning over blocks of registers.

#[cfg(test)]
pub(crate) mod tests;

mod select;

use std::borrow::Cow;

use self::select::select;
use super::math;
use super::pointwise_table;
use super::register::{register_size, registers_of, round_to_f16, words_of};
use crate::dtype::DType;

/// A loop that applies a function to each element of a block; of two operands, one may be a single
/// value that all elements share.
///
/// It is spelled out where it is used: within another function, the call of one that was handed over
/// is not always inlined, and the loop would not vectorise.
macro_rules! each {
    ($args:ident, $out:ident, |$A:ty| -> $R:ident, $f:expr) => {{
        let f = one::<$A, $R, _>($f);
        let (a, out) = (bytemuck::cast_slice::<u8, $A>($args[0]), each!($R, $out));
        for (r, &a) in out.iter_mut().zip(a) {
            *r = f(a).into();
        }
    }};
    ($args:ident, $out:ident, |$A:ty, $B:ty| -> $R:ident, $f:expr) => {{
        let f = two::<$A, $R, _>($f);
        let (a, b) = (
            bytemuck::cast_slice::<u8, $A>($args[0]),
            bytemuck::cast_slice::<u8, $B>($args[1]),
        );
        let out = each!($R, $out);
        match (a, b) {
            (a, &[b]) => {
                for (r, &a) in out.iter_mut().zip(a) {
                    *r = f(a, b).into();
                }
            }
            (&[a], b) => {
                for (r, &b) in out.iter_mut().zip(b) {
                    *r = f(a, b).into();
                }
            }
            _ => {
                for ((r, &a), &b) in out.iter_mut().zip(a).zip(b) {
                    *r = f(a, b).into();
                }
            }
        }
    }};
    (bool, $out:ident) => {
        &mut *$out
    };
    ($R:ident, $out:ident) => {
        bytemuck::cast_slice_mut::<u8, $R>($out)
    };
}

/// A function that is known to take one `A` and give an `R`.
fn one<A, R, F: Fn(A) -> R>(f: F) -> F {
    f
}

/// A function that is known to take two `A` and give an `R`.
fn two<A, R, F: Fn(A, A) -> R>(f: F) -> F {
    f
}

macro_rules! define_ops {
    (
        float1 { $($(#[$f1d:meta])* $F1:ident $f1:ident $f1u:literal, $f1r:expr, $f1w:literal, [$($f1s:ident)*] $f1g:expr;)* }
        float2 { $($(#[$f2d:meta])* $F2:ident $f2:ident $f2u:literal, $f2r:expr, $f2w:literal, [$($f2s:ident)*] $f2g:expr;)* }
        number1 { $($(#[$n1d:meta])* $N1:ident $n1:ident $n1u:literal,
            f $n1f:expr, $n1fw:literal; i $n1i:expr, $n1iw:literal; u $n1uu:expr, $n1uw:literal;
            [$($n1s:ident)*] $n1g:expr;)* }
        number2 { $($(#[$n2d:meta])* $N2:ident $n2:ident $n2u:literal,
            f $n2f:expr, $n2fw:literal; i $n2i:expr, $n2iw:literal; u $n2uu:expr, $n2uw:literal;
            [$($n2s:ident)*] $n2g:expr;)* }
        bits1 { $($(#[$b1d:meta])* $B1:ident $b1:ident $b1r:expr, $b1w:literal;)* }
        bits2 { $($(#[$b2d:meta])* $B2:ident $b2:ident i $b2i:expr, $b2iw:literal; u $b2u:expr, $b2uw:literal;)* }
        test { $($(#[$td:meta])* $T:ident $t:ident $tr:expr, $tw:literal;)* }
        compare { $($(#[$cd:meta])* $C:ident $c:ident $cr:expr, $cw:literal;)* }
        logic1 { $($(#[$l1d:meta])* $L1:ident $l1:ident $l1r:expr, $l1w:literal;)* }
        logic2 { $($(#[$l2d:meta])* $L2:ident $l2:ident $l2r:expr, $l2w:literal;)* }
    ) => {
        /// A pointwise operation of the table, or one of the three that every program needs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub(crate) enum PointOp {
            $($F1,)* $($F2,)* $($N1,)* $($N2,)* $($B1,)* $($B2,)* $($T,)* $($C,)* $($L1,)* $($L2,)*
            /// The first operand (bool) chooses between the second and the third.
            Select,
            /// The high 32 bits of a product of two `u32`.
            MulHi,
            /// The `u32` that stands among others as a float does among floats: −0 before +0, every NaN
            /// last.
            Key,
            /// The float of a key.
            FromKey,
            /// The same bits: materialises a view, or fills from a constant.
            Copy,
            /// The operand in the instruction's dtype; floats saturate, NaN becomes 0.
            Cast,
        }

        /// What the operations that give numbers mean for an `f32`.
        pub(super) mod meaning {
            use super::{math, one, two};

            $(#[inline(always)] pub(in crate::op) fn $f1(a: f32) -> f32 { one::<f32, f32, _>($f1r)(a) })*
            $(#[inline(always)] pub(in crate::op) fn $f2(a: f32, b: f32) -> f32 { two::<f32, f32, _>($f2r)(a, b) })*
            $(#[inline(always)] pub(in crate::op) fn $n1(a: f32) -> f32 { one::<f32, f32, _>($n1f)(a) })*
            $(#[inline(always)] pub(in crate::op) fn $n2(a: f32, b: f32) -> f32 { two::<f32, f32, _>($n2f)(a, b) })*
        }

        impl PointOp {
            /// The operations of the table.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[
                $(Self::$F1,)* $(Self::$F2,)* $(Self::$N1,)* $(Self::$N2,)*
                $(Self::$B1,)* $(Self::$B2,)* $(Self::$T,)*
                $(Self::$C,)* $(Self::$L1,)* $(Self::$L2,)*
            ];

            /// Those that are not in it.
            #[cfg(test)]
            const MORE: [Self; 6] = [Self::Select, Self::MulHi, Self::Key, Self::FromKey, Self::Copy, Self::Cast];

            /// The dtypes of operands and results that an operation of the table is for.
            #[cfg(test)]
            fn signatures(self) -> Vec<(DType, DType)> {
                use DType::*;
                match self {
                    $(Self::$F1)|* | $(Self::$F2)|* => vec![(F32, F32), (F16, F16)],
                    $(Self::$N1)|* | $(Self::$N2)|* => [F32, F16, I32, U32].map(|t| (t, t)).to_vec(),
                    Self::Select | Self::Copy => [F32, F16, I32, U32, Bool].map(|t| (t, t)).to_vec(),
                    $(Self::$B1)|* | $(Self::$B2)|* => vec![(I32, I32), (U32, U32)],
                    $(Self::$T)|* => vec![(F32, Bool)],
                    $(Self::$C)|* => [F32, I32, U32, Bool].map(|t| (t, Bool)).to_vec(),
                    $(Self::$L1)|* | $(Self::$L2)|* => vec![(Bool, Bool)],
                    Self::MulHi => vec![(U32, U32)],
                    Self::Key => vec![(F32, U32), (F16, U32)],
                    Self::FromKey => vec![(U32, F32), (U32, F16)],
                    Self::Cast => [F32, F16, I32, U32, Bool].into_iter()
                        .flat_map(|from| [F32, F16, I32, U32, Bool].map(|to| (from, to))).collect(),
                }
            }

            pub(crate) const fn name(self) -> &'static str {
                // The twins of the operators are named try_add and so on.
                let method = match self {
                    $(Self::$F1 => stringify!($f1),)* $(Self::$F2 => stringify!($f2),)*
                    $(Self::$N1 => stringify!($n1),)* $(Self::$N2 => stringify!($n2),)*
                    $(Self::$B1 => stringify!($b1),)* $(Self::$B2 => stringify!($b2),)*
                    $(Self::$T => stringify!($t),)* $(Self::$C => stringify!($c),)*
                    $(Self::$L1 => stringify!($l1),)* $(Self::$L2 => stringify!($l2),)*
                    Self::Select => "select",
                    Self::MulHi => "mul_hi",
                    Self::Key => "key",
                    Self::FromKey => "from_key",
                    Self::Copy => "copy",
                    Self::Cast => "cast",
                };
                match method.as_bytes() {
                    [b't', b'r', b'y', b'_', ..] => method.split_at(4).1,
                    _ => method,
                }
            }

            /// The error bound of a single `f32` application against exact arithmetic, in ULP.
            pub(crate) const fn ulp(self) -> f32 {
                match self {
                    $(Self::$F1 => $f1u as f32,)* $(Self::$F2 => $f2u as f32,)*
                    $(Self::$N1 => $n1u as f32,)* $(Self::$N2 => $n2u as f32,)*
                    _ => 0.0,
                }
            }

            /// The WGSL expression over `{a}`, `{b}`, `{c}` for operands of the dtype; `None` for
            /// [`PointOp::Cast`], which depends on two.
            pub(crate) const fn wgsl(self, dtype: DType) -> Option<&'static str> {
                Some(match (self, dtype) {
                    $((Self::$F1, _) => $f1w,)* $((Self::$F2, _) => $f2w,)*
                    $((Self::$N1, DType::I32) => $n1iw, (Self::$N1, DType::U32 | DType::Bool) => $n1uw, (Self::$N1, _) => $n1fw,)*
                    $((Self::$N2, DType::I32) => $n2iw, (Self::$N2, DType::U32 | DType::Bool) => $n2uw, (Self::$N2, _) => $n2fw,)*
                    $((Self::$B1, _) => $b1w,)*
                    $((Self::$B2, DType::I32) => $b2iw, (Self::$B2, _) => $b2uw,)*
                    $((Self::$T, _) => $tw,)* $((Self::$C, _) => $cw,)*
                    $((Self::$L1, _) => $l1w,)* $((Self::$L2, _) => $l2w,)*
                    (Self::Select, _) => "select({c}, {b}, {a})",
                    (Self::MulHi, _) => "tw_mul_hi({a}, {b})",
                    (Self::Key, _) => "tw_key({a})",
                    (Self::FromKey, _) => "tw_from_key({a})",
                    (Self::Copy, _) => "{a}",
                    (Self::Cast, _) => return None,
                })
            }

            /// [`PointOp::apply`], compiled for the vectors of the function it is inlined in.
            #[inline(always)]
            fn apply_here(self, from: DType, to: DType, args: &[&[u8]; 3], out: &mut [u8]) {
                match self {
                    // Without the reduction of large angles, the loop vectorises; the bits are the same.
                    Self::Sin if math::small_angles(bytemuck::cast_slice(args[0])) => each!(args, out, |f32| -> f32, math::sin_small),
                    Self::Cos if math::small_angles(bytemuck::cast_slice(args[0])) => each!(args, out, |f32| -> f32, math::cos_small),
                    Self::Tan if math::small_angles(bytemuck::cast_slice(args[0])) => each!(args, out, |f32| -> f32, math::tan_small),
                    // Without the edges of other bases; the bits are the same.
                    Self::Pow if from.is_float() && math::normal(bytemuck::cast_slice(args[0])) => {
                        each!(args, out, |f32, f32| -> f32, math::pow_normal)
                    }
                    $(Self::$F1 => each!(args, out, |f32| -> f32, meaning::$f1),)*
                    $(Self::$F2 => each!(args, out, |f32, f32| -> f32, meaning::$f2),)*
                    $(Self::$N1 => match from {
                        DType::I32 => each!(args, out, |i32| -> i32, $n1i),
                        DType::U32 => each!(args, out, |u32| -> u32, $n1uu),
                        DType::Bool => unreachable!("bools count as integers"),
                        DType::F32 | DType::F16 => each!(args, out, |f32| -> f32, meaning::$n1),
                    },)*
                    $(Self::$N2 => match from {
                        DType::I32 => each!(args, out, |i32, i32| -> i32, $n2i),
                        DType::U32 => each!(args, out, |u32, u32| -> u32, $n2uu),
                        DType::Bool => unreachable!("bools count as integers"),
                        DType::F32 | DType::F16 => each!(args, out, |f32, f32| -> f32, meaning::$n2),
                    },)*
                    $(Self::$B1 => each!(args, out, |u32| -> u32, $b1r),)*
                    $(Self::$B2 => match from {
                        DType::I32 => each!(args, out, |i32, i32| -> i32, $b2i),
                        _ => each!(args, out, |u32, u32| -> u32, $b2u),
                    },)*
                    $(Self::$T => each!(args, out, |f32| -> bool, $tr),)*
                    $(Self::$C => match from {
                        DType::I32 => each!(args, out, |i32, i32| -> bool, $cr),
                        DType::U32 => each!(args, out, |u32, u32| -> bool, $cr),
                        DType::Bool => each!(args, out, |u8, u8| -> bool, $cr),
                        DType::F32 | DType::F16 => each!(args, out, |f32, f32| -> bool, $cr),
                    },)*
                    $(Self::$L1 => each!(args, out, |u8| -> u8, $l1r),)*
                    $(Self::$L2 => each!(args, out, |u8, u8| -> u8, $l2r),)*
                    Self::Select if to == DType::Bool => select(args[0], [args[1], args[2]], out),
                    Self::Select => {
                        let branches: [&[u32]; 2] = [args[1], args[2]].map(bytemuck::cast_slice);
                        select(args[0], branches, bytemuck::cast_slice_mut(out));
                    }
                    Self::MulHi => each!(args, out, |u32, u32| -> u32, math::mul_hi),
                    Self::Key => each!(args, out, |u32| -> u32, math::key),
                    Self::FromKey => each!(args, out, |u32| -> u32, math::from_key),
                    Self::Copy => out.copy_from_slice(args[0]),
                    Self::Cast => cast(from, to, args, out),
                }
                if to == DType::F16 {
                    round_to_f16(bytemuck::cast_slice_mut(out));
                }
            }
        }
    };
}
pointwise_table!(define_ops);

impl PointOp {
    /// The time it takes the CPU in units of an addition's, roughly: what is further from exact than
    /// that divides, or is computed by polynomials.
    pub(crate) const fn cost(self) -> usize {
        match self {
            // Some dozen divisions.
            Self::Gcd => 64,
            _ if self.ulp() > 1.0 => 4,
            _ => 1,
        }
    }

    /// What an operation on bits means for bools, if that is not an operation on the integers 0 and 1.
    pub(crate) const fn of_bools(self) -> Option<Self> {
        match self {
            Self::BitNot => Some(Self::Not),
            Self::BitAnd => Some(Self::And),
            Self::BitOr => Some(Self::Or),
            Self::BitXor => Some(Self::Xor),
            _ => None,
        }
    }

    /// Applies the operation to a block of registers, given by their bytes: one of a bool, four of any
    /// other. `from` is the dtype of the operands (of the last, for a select) and `to` that of the
    /// result; `f16` is held as `f32`. An operand of one value is shared by all elements; where all
    /// are, so is the result, which is then one value. Runs on the widest vectors that the processor
    /// has; the bits are the same on all.
    #[inline]
    pub(crate) fn apply(self, from: DType, to: DType, args: &[&[u8]; 3], out: &mut [u8]) {
        let mut application = Application {
            op: self,
            from,
            to,
            args,
            out,
        };
        pulp::Arch::new().dispatch(Apply(&mut application));
    }

    /// [`PointOp::apply`] to a word for each value, of bools too.
    pub(crate) fn apply_to_words(
        self,
        from: DType,
        to: DType,
        args: &[&[u32]; 3],
        out: &mut [u32],
    ) {
        let dtype = |k: usize| match (self, k) {
            (Self::Select, 0) => DType::Bool,
            _ => from,
        };
        let [a, b, c]: [Cow<'_, [u8]>; 3] =
            std::array::from_fn(|k| registers_of(dtype(k), args[k]));
        let mut registers = vec![0; out.len()];
        let bytes = register_size(to) * out.len();
        let registers: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut registers)[..bytes];
        self.apply(from, to, &[&a, &b, &c], registers);
        out.copy_from_slice(&words_of(to, registers));
    }

    pub(crate) const fn arity(self) -> usize {
        match self {
            Self::Select => 3,
            op => match op.wgsl(DType::F32) {
                Some(text) => 1 + mentions(text, b'b') as usize,
                None => 1,
            },
        }
    }
}

/// An application of an operation.
struct Application<'a> {
    op: PointOp,
    from: DType,
    to: DType,
    args: &'a [&'a [u8]; 3],
    out: &'a mut [u8],
}

/// To be compiled for each width of vectors. A reference is handed on in a register; copies of what
/// was just written would wait for it.
struct Apply<'a, 'b>(&'a mut Application<'b>);

impl pulp::WithSimd for Apply<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Application {
            op,
            from,
            to,
            args,
            out,
        } = self.0;
        op.apply_here(*from, *to, args, out);
    }
}

/// Whether a WGSL expression uses the operand of that letter.
const fn mentions(text: &str, letter: u8) -> bool {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i + 2 < bytes.len() {
        if bytes[i] == b'{' && bytes[i + 1] == letter && bytes[i + 2] == b'}' {
            return true;
        }
        i += 1;
    }
    false
}

// What follows is inlined into `apply_here`, and with it into each of its builds.

#[inline(always)]
fn cast(from: DType, to: DType, args: &[&[u8]; 3], out: &mut [u8]) {
    use DType::*;
    match (from, to) {
        (F32 | F16, I32) => each!(args, out, |f32| -> i32, math::to_i32),
        (F32 | F16, U32) => each!(args, out, |f32| -> u32, math::to_u32),
        (F32 | F16, Bool) => each!(args, out, |f32| -> bool, |a| a != 0.0),
        (I32, F32 | F16) => each!(args, out, |i32| -> f32, |a| a as f32),
        (U32, F32 | F16) => each!(args, out, |u32| -> f32, |a| a as f32),
        (Bool, F32 | F16) => each!(args, out, |u8| -> f32, |a| a as f32),
        (Bool, I32 | U32) => each!(args, out, |u8| -> u32, |a| a as u32),
        (I32 | U32, Bool) => each!(args, out, |u32| -> bool, |a| a != 0),
        (I32 | U32, I32 | U32) | (F32 | F16, F32 | F16) | (Bool, Bool) => {
            out.copy_from_slice(args[0]);
        }
    }
}
