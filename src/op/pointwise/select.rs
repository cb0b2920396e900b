//! Choosing between two registers by a bool.

/// A word or a byte that a mask of its width chooses.
pub(super) trait Masked: Copy {
    fn choose(c: u8, a: Self, b: Self) -> Self;
}

macro_rules! masked {
    ($($t:ident)*) => {$(
        impl Masked for $t {
            // Of an `if` the compiler makes a choice of places and then a load, which is a gather.
            #[inline(always)]
            fn choose(c: u8, a: Self, b: Self) -> Self {
                let mask = $t::from(c != 0).wrapping_neg();
                a & mask | b & !mask
            }
        }
    )*};
}
masked!(u8 u32);

#[inline(always)]
pub(super) fn select<T: Masked>(c: &[u8], [a, b]: [&[T]; 2], out: &mut [T]) {
    match (c, a, b) {
        (&[c], a, b) if out.len() > 1 => match if c != 0 { a } else { b } {
            &[value] => out.fill(value),
            values => out.copy_from_slice(values),
        },
        (c, &[a], &[b]) => {
            for (r, &c) in out.iter_mut().zip(c) {
                *r = T::choose(c, a, b);
            }
        }
        (c, &[a], b) => {
            for ((r, &c), &b) in out.iter_mut().zip(c).zip(b) {
                *r = T::choose(c, a, b);
            }
        }
        (c, a, &[b]) => {
            for ((r, &c), &a) in out.iter_mut().zip(c).zip(a) {
                *r = T::choose(c, a, b);
            }
        }
        _ => {
            for (((r, &c), &a), &b) in out.iter_mut().zip(c).zip(a).zip(b) {
                *r = T::choose(c, a, b);
            }
        }
    }
}
