//! Operators, and what may stand beside a tensor in one.

use std::borrow::Cow;
use std::ops::{
    Add, AddAssign, BitAnd, BitAndAssign, BitOr, BitOrAssign, BitXor, BitXorAssign, Div, DivAssign,
    Mul, MulAssign, Neg, Not, Rem, RemAssign, Shl, ShlAssign, Shr, ShrAssign, Sub, SubAssign,
};

use super::Tensor;
use crate::dtype::{DType, Scalar};
use crate::error::Result;
use crate::shape::Shape;

/// The right-hand side of a binary operation: a tensor, by value or by reference, or a Rust scalar.
///
/// Scalars are weak: `&x * 2.0` keeps the dtype of `x`.
#[derive(Clone)]
pub enum Operand<'a> {
    /// A tensor.
    Tensor(Cow<'a, Tensor>),
    /// A number or a bool.
    Scalar(Scalar),
}

impl<'a> From<&'a Tensor> for Operand<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self::Tensor(Cow::Borrowed(tensor))
    }
}

impl From<Tensor> for Operand<'_> {
    fn from(tensor: Tensor) -> Self {
        Self::Tensor(Cow::Owned(tensor))
    }
}

impl<S: Into<Scalar>> From<S> for Operand<'_> {
    fn from(scalar: S) -> Self {
        Self::Scalar(scalar.into())
    }
}

impl<'a> Operand<'a> {
    /// The operand as a tensor that goes with `other`, and the dtype both meet in.
    #[track_caller]
    pub(crate) fn meet(self, op: &'static str, other: &Tensor) -> Result<(Cow<'a, Tensor>, DType)> {
        match self {
            Self::Tensor(tensor) => {
                other.same_device(op, &tensor)?;
                let dtype = other.dtype.promote(tensor.dtype);
                Ok((tensor, dtype))
            }
            Self::Scalar(scalar) => {
                let dtype = other.dtype.promote_scalar(scalar);
                scalar.check_fits(op, dtype)?;
                let shape = Shape::default();
                let constant = Tensor::constant(scalar, dtype, shape, &other.device);
                Ok((Cow::Owned(constant), dtype))
            }
        }
    }
}

impl Tensor {
    /// The dtype in which the tensor meets another or a Rust scalar, NumPy's `result_type`: the table of
    /// `docs/numerics.md`. [`DType::promote`] is the same of two dtypes.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let counts = Tensor::new([1, 2], &Device::cpu())?;
    /// assert_eq!(counts.result_type(2), DType::I32); // Rust scalars are weak
    /// assert_eq!(counts.result_type(0.5), DType::F32);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn result_type<'a>(&self, other: impl Into<Operand<'a>>) -> DType {
        match other.into() {
            Operand::Tensor(tensor) => self.dtype.promote(tensor.dtype),
            Operand::Scalar(scalar) => self.dtype.promote_scalar(scalar),
        }
    }
}

/// A failed operator ends the program with the error's own words at the caller's line.
#[track_caller]
fn must(result: Result<Tensor>) -> Tensor {
    match result {
        Ok(tensor) => tensor,
        Err(error) => panic!("{}", error.kind()),
    }
}

/// An operator next to the method it calls. The right side is anything that makes an [`Operand`], the
/// left a tensor, a reference to one, or a literal's type: with one float and one integer type on
/// the left, `(1.0 - &x).sqrt()` needs no annotation.
macro_rules! operator {
    ($($Trait:ident $method:ident $call:ident, $left:tt;)*) => {$(
        impl<'a, R: Into<Operand<'a>>> $Trait<R> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, rhs: R) -> Tensor {
                must(self.$call(rhs))
            }
        }
        impl<'a, R: Into<Operand<'a>>> $Trait<R> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, rhs: R) -> Tensor {
                must(self.$call(rhs))
            }
        }
        operator!(@left $Trait $method $call, $left);
    )*};
    (@left $Trait:ident $method:ident $call:ident, [$($S:ty)*]) => {$(
        impl $Trait<Tensor> for $S {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, rhs: Tensor) -> Tensor {
                self.$method(&rhs)
            }
        }
        impl $Trait<&Tensor> for $S {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, rhs: &Tensor) -> Tensor {
                // No closure: in one, errors and calls would not know the caller's line.
                match Operand::from(self).meet(stringify!($method), rhs) {
                    Ok((lhs, _)) => must(lhs.$call(rhs)),
                    Err(error) => must(Err(error)),
                }
            }
        }
    )*};
}
operator! {
    Add add try_add, [f64 i32];
    Sub sub try_sub, [f64 i32];
    Mul mul try_mul, [f64 i32];
    Div div try_div, [f64 i32];
    Rem rem remainder, [f64 i32];
    BitAnd bitand bitwise_and, [i32 bool];
    BitOr bitor bitwise_or, [i32 bool];
    BitXor bitxor bitwise_xor, [i32 bool];
    Shl shl left_shift, [i32];
    Shr shr right_shift, [i32];
}

macro_rules! assign {
    ($($Trait:ident $method:ident $call:ident;)*) => {$(
        impl<'a, T: Into<Operand<'a>>> $Trait<T> for Tensor {
            /// Rebinds the variable to the result; other views of the old value keep it.
            #[track_caller]
            fn $method(&mut self, rhs: T) {
                *self = must(self.$call(rhs));
            }
        }
    )*};
}
assign! {
    AddAssign add_assign try_add;
    SubAssign sub_assign try_sub;
    MulAssign mul_assign try_mul;
    DivAssign div_assign try_div;
    RemAssign rem_assign remainder;
    BitAndAssign bitand_assign bitwise_and;
    BitOrAssign bitor_assign bitwise_or;
    BitXorAssign bitxor_assign bitwise_xor;
    ShlAssign shl_assign left_shift;
    ShrAssign shr_assign right_shift;
}

impl Neg for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        self.negative()
    }
}

impl Neg for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        self.negative()
    }
}

impl Not for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn not(self) -> Tensor {
        must(self.bitwise_not())
    }
}

impl Not for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn not(self) -> Tensor {
        must(self.bitwise_not())
    }
}
