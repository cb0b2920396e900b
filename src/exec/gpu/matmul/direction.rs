//! How the operands of a product lie in memory.

/// The dimension in which an operand is contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    AlongK,
    /// Along the rows of the left operand, the columns of the right one.
    Across,
    Neither,
}

impl Direction {
    pub(super) const ALL: [Self; 3] = [Self::AlongK, Self::Across, Self::Neither];

    /// Its name in a [`Tuning`].
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::AlongK => "along",
            Self::Across => "across",
            Self::Neither => "strided",
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::AlongK => "is contiguous along k",
            Self::Across => "is contiguous across k",
            Self::Neither => "has any strides",
        })
    }
}

/// The direction of an operand, from the size and stride of its two dimensions.
pub(super) fn direction(along: (usize, isize), across: (usize, isize)) -> Direction {
    match (along, across) {
        ((size, 1), _) if size > 1 => Direction::AlongK,
        (_, (_, 1)) => Direction::Across,
        ((_, 1), _) => Direction::AlongK,
        _ => Direction::Neither,
    }
}
