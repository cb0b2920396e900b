//! The methods of the pointwise table.

use super::{Operand, Source, Tensor};
use crate::autograd::{Rule, track};
use crate::dtype::{DType, Scalar};
use crate::error::{Error, ErrorKind, Result};
use crate::op::{PointOp, pointwise_table};
use crate::shape::Shape;

macro_rules! define_methods {
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
        /// Floating-point functions of one operand, element by element. Integers and bools are
        /// computed as `f32`.
        impl Tensor {$(
            $(#[$f1d])*
            #[doc = concat!("\n\nWithin ", $f1u, " ULP of the exact value.")]
            #[track_caller]
            pub fn $f1(&self) -> Tensor {
                self.float_unary(PointOp::$F1)
            }
        )*}

        /// Arithmetic on one operand, element by element. Bools count as integers.
        impl Tensor {$(
            $(#[$n1d])*
            #[track_caller]
            pub fn $n1(&self) -> Tensor {
                self.number_unary(PointOp::$N1)
            }
        )*}

        /// Bits of one operand, element by element. Integers and bools only.
        impl Tensor {$(
            $(#[$b1d])*
            ///
            /// # Errors
            /// A float dtype.
            #[track_caller]
            pub fn $b1(&self) -> Result<Tensor> {
                let (op, dtype) = bits_of(PointOp::$B1, self.dtype)?;
                let a = self.as_dtype(dtype);
                Ok(Tensor::point(op, [&a], a.shape_ref(), dtype))
            }
        )*}

        /// Tests, element by element.
        impl Tensor {
            $(
                $(#[$td])*
                #[track_caller]
                pub fn $t(&self) -> Tensor {
                    let a = self.as_dtype(self.dtype.to_float());
                    Tensor::point(PointOp::$T, [&a], a.shape_ref(), DType::Bool)
                }
            )*
            $(
                $(#[$l1d])*
                #[track_caller]
                pub fn $l1(&self) -> Tensor {
                    let a = self.as_dtype(DType::Bool);
                    Tensor::point(PointOp::$L1, [&a], a.shape_ref(), DType::Bool)
                }
            )*
        }

        define_methods! { @binary Floats of two operands: float_binary
            $($(#[$f2d])* $F2 $f2 [concat!("\n\nWithin ", $f2u, " ULP of the exact value.")];)* }
        define_methods! { @binary Arithmetic on two operands: number_binary
            $($(#[$n2d])* $N2 $n2 [""];)* }
        define_methods! { @binary Bits of two integers or bools: bitwise
            $($(#[$b2d])* $B2 $b2 ["\n\nA float dtype is an error."];)* }
        define_methods! { @binary Comparisons: compare
            $($(#[$cd])* $C $c [""];)* }
        define_methods! { @binary Logic: logic
            $($(#[$l2d])* $L2 $l2 [""];)* }
    };
    (@binary $($title:ident)*: $how:ident $($(#[$doc:meta])* $Op:ident $name:ident [$note:expr];)*) => {
        #[doc = concat!($(stringify!($title), " ",)* "element by element, with broadcasting.")]
        impl Tensor {$(
            $(#[$doc])*
            #[doc = $note]
            #[doc = "\n\n# Errors\nShapes that do not broadcast, or tensors on different devices."]
            #[track_caller]
            pub fn $name<'a>(&self, rhs: impl Into<Operand<'a>>) -> Result<Tensor> {
                self.$how(PointOp::$Op, rhs.into())
            }
        )*}
    };
}
pointwise_table!(define_methods);

/// An operation on bits for the dtype, and the dtype it computes in: bools are bits of their own, or the
/// integers 0 and 1 where they are shifted.
#[track_caller]
fn bits_of(op: PointOp, dtype: DType) -> Result<(PointOp, DType)> {
    match (dtype, op.of_bools()) {
        (DType::Bool, Some(logic)) => Ok((logic, DType::Bool)),
        (DType::Bool, None) => Ok((op, DType::I32)),
        (DType::U32 | DType::I32, _) => Ok((op, dtype)),
        (DType::F16 | DType::F32, _) => Err(Error::new(ErrorKind::DType {
            op: op.name(),
            dtype,
            expected: "only u32, i32 and bool have bits; convert with to_dtype, or use logical_and and its like",
        })),
    }
}

impl Tensor {
    #[track_caller]
    fn float_unary(&self, op: PointOp) -> Tensor {
        let a = self.as_dtype(self.dtype.to_float());
        let y = Tensor::point(op, [&a], a.shape_ref(), a.dtype);
        track(y, &[&a], Rule::Point(op))
    }

    #[track_caller]
    fn number_unary(&self, op: PointOp) -> Tensor {
        let a = self.as_dtype(match self.dtype {
            DType::Bool => DType::I32,
            dtype => dtype,
        });
        let y = Tensor::point(op, [&a], a.shape_ref(), a.dtype);
        track(y, &[&a], Rule::Point(op))
    }

    #[track_caller]
    fn float_binary(&self, op: PointOp, rhs: Operand<'_>) -> Result<Tensor> {
        let (b, dtype) = rhs.meet(op.name(), self)?;
        self.binary(op, &b, dtype.to_float(), dtype.to_float())
    }

    #[track_caller]
    fn number_binary(&self, op: PointOp, rhs: Operand<'_>) -> Result<Tensor> {
        if op == PointOp::Pow {
            let (exponent, dtype) = rhs.meet(op.name(), self)?;
            if let Some(power) = self.plain_power(&exponent, dtype) {
                return power;
            }
            return self.number_binary_by(op, (&*exponent).into(), Rule::Point(op));
        }
        self.number_binary_by(op, rhs, Rule::Point(op))
    }

    /// The power for an exponent that one or two multiplications, or a division, serve, with C99's values for ±0, ∞ and
    /// NaN too. A square root would differ at −0 and −∞.
    #[track_caller]
    fn plain_power(&self, exponent: &Tensor, dtype: DType) -> Option<Result<Tensor>> {
        let Source::Constant(bits) = exponent.source else {
            return None;
        };
        if exponent.ndim() > 0 || exponent.is_tracked() || dtype == DType::Bool {
            return None;
        }
        // Rounded once, where a power is a product of products.
        let x = self.as_dtype(match dtype {
            DType::F16 => DType::F32,
            dtype => dtype,
        });
        let power = match Scalar::from_bits(bits, exponent.dtype).to_f64() {
            1.0 => Ok(x.into_owned()),
            2.0 => Ok(x.square()),
            3.0 => x.square().try_mul(&*x),
            -1.0 if dtype.is_float() => Ok(x.reciprocal()),
            _ => return None,
        };
        Some(power.map(|power| power.to_dtype(dtype)))
    }

    #[track_caller]
    fn number_binary_by(&self, op: PointOp, rhs: Operand<'_>, rule: Rule) -> Result<Tensor> {
        let (b, dtype) = rhs.meet(op.name(), self)?;
        let dtype = if dtype == DType::Bool {
            DType::I32
        } else {
            dtype
        };
        self.binary_by(op, &b, dtype, dtype, rule)
    }

    #[track_caller]
    fn bitwise(&self, op: PointOp, rhs: Operand<'_>) -> Result<Tensor> {
        let (b, dtype) = rhs.meet(op.name(), self)?;
        let (op, dtype) = bits_of(op, dtype)?;
        self.binary(op, &b, dtype, dtype)
    }

    #[track_caller]
    fn compare(&self, op: PointOp, rhs: Operand<'_>) -> Result<Tensor> {
        let (b, dtype) = rhs.meet(op.name(), self)?;
        let ordered = !matches!(op, PointOp::Eq | PointOp::Ne);
        // WGSL does not order bools.
        let dtype = if ordered && dtype == DType::Bool {
            DType::U32
        } else {
            dtype
        };
        self.binary(op, &b, dtype, DType::Bool)
    }

    #[track_caller]
    fn logic(&self, op: PointOp, rhs: Operand<'_>) -> Result<Tensor> {
        let (b, _) = rhs.meet(op.name(), self)?;
        self.binary(op, &b, DType::Bool, DType::Bool)
    }

    #[track_caller]
    fn binary(&self, op: PointOp, rhs: &Tensor, from: DType, to: DType) -> Result<Tensor> {
        self.binary_by(op, rhs, from, to, Rule::Point(op))
    }

    #[track_caller]
    fn binary_by(
        &self,
        op: PointOp,
        rhs: &Tensor,
        from: DType,
        to: DType,
        rule: Rule,
    ) -> Result<Tensor> {
        let shape = self.shape_ref().broadcast(rhs.shape_ref(), op.name())?;
        let (a, b) = (self.as_dtype(from), rhs.as_dtype(from));
        Self::check_result(op.name(), &[&a, &b], &shape, to)?;
        let y = Tensor::point(op, [&a, &b], &shape, to);
        Ok(track(y, &[&a, &b], rule))
    }

    /// An error if the device cannot hold the result of a call, which one of constants alone needs
    /// not be.
    #[track_caller]
    fn check_result(op: &'static str, args: &[&Tensor], shape: &Shape, dtype: DType) -> Result<()> {
        match args.iter().any(|t| matches!(t.source, Source::Stored(_))) {
            true => args[0].device.check_size(op, shape, dtype),
            false => Ok(()),
        }
    }

    /// `a` where this tensor is true (or not zero), `b` elsewhere; NumPy's `where` with three
    /// arguments. All three broadcast together.
    ///
    /// # Errors
    /// Shapes that do not broadcast, or tensors on different devices.
    ///
    /// ```
    /// use tilewise::prelude::*;
    /// let x = Tensor::from_slice(&[-1f32, 2., -3.], [3], &Device::cpu())?;
    /// let y = x.gt(0.0)?.select(&x, 0.0)?;
    /// assert_eq!(y.to_vec::<f32>()?, [0., 2., 0.]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("where", "where_"))]
    #[track_caller]
    pub fn select<'a, 'b>(
        &self,
        a: impl Into<Operand<'a>>,
        b: impl Into<Operand<'b>>,
    ) -> Result<Tensor> {
        const OP: &str = "select";
        // Scalars take the other's dtype, or that of a literal of their kind.
        let (a, b) = match (a.into(), b.into()) {
            (Operand::Tensor(a), b) => {
                let b = b.meet(OP, &a)?.0;
                (a, b)
            }
            (a, Operand::Tensor(b)) => (a.meet(OP, &b)?.0, b),
            (a, b) => {
                let seed =
                    Tensor::constant(false.into(), DType::Bool, Default::default(), &self.device);
                let a = a.meet(OP, &seed)?.0;
                (a.clone(), b.meet(OP, &a)?.0)
            }
        };
        self.same_device(OP, &a)?;
        let dtype = a.dtype.promote(b.dtype);
        let values = a.shape_ref().broadcast(b.shape_ref(), OP)?;
        let shape = self.shape_ref().broadcast(&values, OP)?;
        let (c, a, b) = (
            self.as_dtype(DType::Bool),
            a.as_dtype(dtype),
            b.as_dtype(dtype),
        );
        Self::check_result(OP, &[&c, &a, &b], &shape, dtype)?;
        let y = Tensor::point(PointOp::Select, [&c, &a, &b], &shape, dtype);
        Ok(track(y, &[&c, &a, &b], Rule::Point(PointOp::Select)))
    }

    /// The elements limited to the bounds, which broadcast; NaN in any of the three gives NaN, and
    /// `high` wins where it is below `low`, as in NumPy's `clip`. An element that has reached a
    /// bound passes no gradient.
    ///
    /// # Errors
    /// Shapes that do not broadcast, or tensors on different devices.
    #[doc(alias = "clip")]
    #[track_caller]
    pub fn clamp<'a, 'b>(
        &self,
        low: impl Into<Operand<'a>>,
        high: impl Into<Operand<'b>>,
    ) -> Result<Tensor> {
        let raised =
            self.number_binary_by(PointOp::Maximum, low.into(), Rule::Limit { upper: false })?;
        raised.number_binary_by(PointOp::Minimum, high.into(), Rule::Limit { upper: true })
    }
}
