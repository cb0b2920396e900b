//! Reductions: the second table.

use crate::dtype::DType;

/// A loop over a function that combines two registers.
pub(crate) trait Loop {
    type Output;
    fn over(self, combine: impl Fn(u32, u32) -> u32 + Copy) -> Self::Output;
}

macro_rules! reductions {
    ($($(#[$doc:meta])* $Op:ident $name:literal, f32 $f:expr, $fw:literal, $fi:literal;
        i32 $i:expr, $iw:literal, $ii:literal; u32 $u:expr, $uw:literal, $ui:literal;)*) => {
        /// How elements are combined. An `arg` kind gives the number of the extreme element.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum ReduceOp {
            $($(#[$doc])* $Op,)*
            /// The number of the largest element, the first of equals; NaN wins.
            ArgMax,
            /// The number of the smallest element, the first of equals; NaN wins.
            ArgMin,
        }

        impl ReduceOp {
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$Op => $name,)*
                    Self::ArgMax => "argmax",
                    Self::ArgMin => "argmin",
                }
            }

            /// Hands the function that combines two registers of the dtype to a loop over it, so
            /// that the loop is compiled for each.
            #[inline(always)]
            pub(crate) fn with<L: Loop>(self, dtype: DType, l: L) -> L::Output {
                use crate::op::math;
                #[inline(always)]
                fn real(f: impl Fn(f32, f32) -> f32 + Copy) -> impl Fn(u32, u32) -> u32 + Copy {
                    move |a, b| f(f32::from_bits(a), f32::from_bits(b)).to_bits()
                }
                #[inline(always)]
                fn int(f: impl Fn(i32, i32) -> i32 + Copy) -> impl Fn(u32, u32) -> u32 + Copy {
                    move |a, b| f(a as i32, b as i32) as u32
                }
                match (self, dtype) {
                    $((Self::$Op, DType::I32) => l.over(int($i)),
                    (Self::$Op, DType::U32 | DType::Bool) => l.over($u),
                    (Self::$Op, _) => l.over(real($f)),)*
                    (Self::ArgMax | Self::ArgMin, _) => unreachable!("arg reductions combine pairs"),
                }
            }

            /// The WGSL expression that combines `{a}` and `{b}`, and the WGSL of the identity.
            pub(crate) const fn wgsl(self, dtype: DType) -> (&'static str, &'static str) {
                match (self, dtype) {
                    $((Self::$Op, DType::I32) => ($iw, $ii),
                    (Self::$Op, DType::U32 | DType::Bool) => ($uw, $ui),
                    (Self::$Op, _) => ($fw, $fi),)*
                    (Self::ArgMax | Self::ArgMin, _) => ("", ""),
                }
            }
        }
    };
}

reductions! {
    /// The sum; integers wrap.
    Sum "sum", f32 |a, b| a + b, "({a} + {b})", "0.0";
        i32 |a, b| a.wrapping_add(b), "({a} + {b})", "0i"; u32 |a: u32, b: u32| a.wrapping_add(b), "({a} + {b})", "0u";
    /// The product; integers wrap.
    Prod "prod", f32 |a, b| a * b, "({a} * {b})", "1.0";
        i32 |a, b| a.wrapping_mul(b), "({a} * {b})", "1i"; u32 |a: u32, b: u32| a.wrapping_mul(b), "({a} * {b})", "1u";
    /// The largest element; NaN wins. On bools: whether any is true.
    Max "max", f32 math::max, "tw_max({a}, {b})", "tw_override(0.0, TW_SIGN | TW_INF, true)";
        i32 |a, b| a.max(b), "max({a}, {b})", "i32(-2147483647 - 1)"; u32 |a: u32, b: u32| a.max(b), "max({a}, {b})", "0u";
    /// The smallest element; NaN wins. On bools: whether all are true.
    Min "min", f32 math::min, "tw_min({a}, {b})", "tw_override(0.0, TW_INF, true)";
        i32 |a, b| a.min(b), "min({a}, {b})", "2147483647i"; u32 |a: u32, b: u32| a.min(b), "min({a}, {b})", "4294967295u";
    /// The largest number; NaN if there is none.
    Fmax "nanmax", f32 math::fmax, "tw_fmax({a}, {b})", "tw_override(0.0, TW_NAN, true)";
        i32 |a, b| a.max(b), "max({a}, {b})", "i32(-2147483647 - 1)"; u32 |a: u32, b: u32| a.max(b), "max({a}, {b})", "0u";
    /// The smallest number; NaN if there is none.
    Fmin "nanmin", f32 math::fmin, "tw_fmin({a}, {b})", "tw_override(0.0, TW_NAN, true)";
        i32 |a, b| a.min(b), "min({a}, {b})", "2147483647i"; u32 |a: u32, b: u32| a.min(b), "min({a}, {b})", "4294967295u";
}

impl ReduceOp {
    pub(crate) const fn is_arg(self) -> bool {
        matches!(self, Self::ArgMax | Self::ArgMin)
    }

    /// The register that changes nothing when combined.
    pub(crate) const fn identity(self, dtype: DType) -> u32 {
        match (self, dtype) {
            (Self::Sum, _) => 0,
            (Self::Prod, DType::F32 | DType::F16) => 1f32.to_bits(),
            (Self::Prod, _) => 1,
            (Self::Max, DType::F32 | DType::F16) => f32::NEG_INFINITY.to_bits(),
            (Self::Fmax | Self::Fmin, DType::F32 | DType::F16) => f32::NAN.to_bits(),
            (Self::Max | Self::Fmax, DType::I32) => i32::MIN as u32,
            (Self::Max | Self::Fmax, _) => 0,
            (Self::Min, DType::F32 | DType::F16) => f32::INFINITY.to_bits(),
            (Self::Min | Self::Fmin, DType::I32) => i32::MAX as u32,
            (Self::Min | Self::Fmin, _) => u32::MAX,
            (Self::ArgMax | Self::ArgMin, _) => 0,
        }
    }

    /// The name of the scan that combines so.
    pub(crate) const fn scan_name(self) -> &'static str {
        match self {
            Self::Sum => "cumsum",
            Self::Prod => "cumprod",
            Self::Max | Self::Fmax | Self::ArgMax => "cummax",
            Self::Min | Self::Fmin | Self::ArgMin => "cummin",
        }
    }

    /// The identity of a scan, which keeps the sign of a zero as well.
    pub(crate) const fn scan_identity(self, dtype: DType) -> u32 {
        match (self, dtype) {
            (Self::Sum, DType::F32 | DType::F16) => (-0f32).to_bits(),
            _ => self.identity(dtype),
        }
    }

    /// The dtype of the result for elements of the dtype.
    pub(crate) const fn result(self, dtype: DType) -> DType {
        if self.is_arg() { DType::U32 } else { dtype }
    }

    /// The reduction that gives the element whose number an arg reduction gives.
    pub(crate) const fn extreme(self) -> Self {
        match self {
            Self::ArgMax => Self::Max,
            Self::ArgMin => Self::Min,
            op => op,
        }
    }

    /// Whether an arg reduction prefers the element `a` over `b`, given in this order of position.
    pub(crate) fn prefers_later(self, dtype: DType, first: u32, later: u32) -> bool {
        let max = matches!(self, Self::ArgMax);
        match dtype {
            DType::F32 | DType::F16 => {
                let (a, b) = (f32::from_bits(first), f32::from_bits(later));
                !a.is_nan() && (b.is_nan() || if max { b > a } else { b < a })
            }
            DType::I32 => (first != later) && ((later as i32 > first as i32) == max),
            _ => (first != later) && ((later > first) == max),
        }
    }
}
