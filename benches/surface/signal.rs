//! Signals, beside NumPy, SciPy or PyTorch.

use tilewise::prelude::*;
use tilewise::{Conv, Mode, Pad, Pool};

use super::cases::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("convolve, 5 taps", "np.convolve(x, y[:5])", |a| {
            a.x.convolve(&a.y.slice(s![..5])?, Mode::Full)
        }),
        case("convolve, 100 taps", "np.convolve(x, y[:100])", |a| {
            a.x.convolve(&a.y.slice(s![..100])?, Mode::Full)
        }),
        case("convolve, 1000 taps", "np.convolve(x, y[:1000])", |a| {
            a.x.convolve(&a.y.slice(s![..1000])?, Mode::Full)
        }),
        case(
            "correlate, 100 taps",
            "np.correlate(x, y[:100], 'same')",
            |a| a.x.correlate(&a.y.slice(s![..100])?, Mode::Same),
        ),
        case(
            "convolve2d 3 × 3",
            "scipy.signal.convolve2d(m, w[:3, :3], 'same')",
            |a| {
                a.m.convolve2d(&a.w.slice(s![..3, ..3])?, Mode::Same, Pad::constant(0.0))
            },
        ),
        case(
            "convolve2d 15 × 15",
            "scipy.signal.convolve2d(m, w[:15, :15], 'same')",
            |a| {
                a.m.convolve2d(&a.w.slice(s![..15, ..15])?, Mode::Same, Pad::constant(0.0))
            },
        ),
        case("conv1d, 100 taps", "F.conv1d(t['line'], t['taps'])", |a| {
            a.line.conv1d(&a.taps, None, Conv::new())
        }),
        case(
            "conv2d, 16 to 32 channels",
            "F.conv2d(t['images'], t['weights'], padding=1)",
            |a| a.images.conv2d(&a.weights, None, Conv::new().padding(1)),
        ),
        case(
            "conv2d, each channel",
            "F.conv2d(t['images'], t['each'], padding=1, groups=16)",
            |a| {
                a.images
                    .conv2d(&a.each, None, Conv::new().padding(1).groups(16))
            },
        ),
        case(
            "conv_transpose2d",
            "F.conv_transpose2d(t['images'], t['back'], padding=1)",
            |a| {
                a.images
                    .conv_transpose2d(&a.back, None, Conv::new().padding(1))
            },
        ),
        case("max_pool2d 2", "F.max_pool2d(t['picture'], 2)", |a| {
            a.picture.max_pool2d(2)
        }),
        case(
            "max_pool2d 3, step 1",
            "F.max_pool2d(t['picture'], 3, 1, 1)",
            |a| a.picture.max_pool2d(Pool::new(3).stride(1).padding(1)),
        ),
        case("avg_pool2d 2", "F.avg_pool2d(t['picture'], 2)", |a| {
            a.picture.avg_pool2d(2)
        }),
        case("max_pool1d 4", "F.max_pool1d(t['line'], 4)", |a| {
            a.line.max_pool1d(4)
        }),
    ]
}
