//! What layers refuse, and in which words.

use tilewise::Conv;
use tilewise::prelude::*;

use super::says;

tests![mistakes, names_that_mislead];

fn mistakes(dev: &Device) -> Result<()> {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, dev);
    says(
        nn::Conv2d::grouped(4, 6, 3, 4, dev),
        &["Conv2d", "4 input", "6 output", "4 groups"],
    );
    says(
        nn::Conv1d::grouped(4, 4, 3, 0, dev),
        &["Conv1d", "0 groups"],
    );
    says(
        nn::Conv2d::new(1, 1, [0, 3], dev),
        &["Conv2d", "height, width", "(1,1,0,3)"],
    );
    let options = Conv::new();
    says(
        nn::Conv2d::from_tensors(&zeros(&[2, 2, 3])?, None, options),
        &["Conv2d", "(2,2,3)"],
    );
    says(
        nn::ConvTranspose1d::from_tensors(&zeros(&[2])?, None, options),
        &["inputs", "(2,)"],
    );
    let weight = zeros(&[4, 3, 2])?;
    says(
        nn::ConvTranspose1d::from_tensors(&weight, Some(&zeros(&[4])?), options),
        &["3 outputs", "(4,3,2)", "(4,)"],
    );
    let whole = weight.to_dtype(DType::I32);
    says(
        nn::Conv1d::from_tensors(&whole, None, options),
        &["i32", "floats"],
    );
    let conv = nn::Conv2d::new(3, 2, 3, dev)?;
    says(
        conv.forward(&zeros(&[1, 2, 5, 5])?),
        &["conv2d", "(1,2,5,5)", "(2,3,3,3)"],
    );
    says(
        conv.stride(0).forward(&zeros(&[1, 3, 5, 5])?),
        &["conv2d", "stride"],
    );

    says(
        nn::BatchNorm1d::new(3, dev)?.forward(&zeros(&[2, 4])?),
        &["3 features", "(2,4)"],
    );
    says(
        nn::BatchNorm1d::new(3, dev)?.forward(&zeros(&[3])?),
        &["(n, features", "(3,)"],
    );
    says(
        nn::BatchNorm2d::new(3, dev)?.forward(&zeros(&[2, 3])?),
        &["(n, features, h, w)"],
    );
    says(
        nn::BatchNorm1d::new(3, dev)?
            .eps(-1.0)
            .forward(&zeros(&[2, 3])?),
        &["eps", "-1"],
    );
    says(
        nn::LayerNorm::new(4, dev)?.forward(&zeros(&[4, 3])?),
        &["LayerNorm", "(4,3)", "(4,)"],
    );
    let norm = nn::BatchNorm1d::new(3, dev)?.momentum(1.5);
    says(norm.forward(&zeros(&[2, 3])?), &["momentum", "1.5"]);
    let (three, two) = (zeros(&[3])?, zeros(&[2])?);
    says(
        nn::BatchNorm2d::from_tensors(&three, &three, &three, &two),
        &["BatchNorm2d", "(3,)", "(2,)"],
    );
    let square = zeros(&[2, 2])?;
    says(
        nn::BatchNorm1d::from_tensors(&square, &square, &square, &square),
        &["vectors", "(2,2)"],
    );
    says(
        nn::LayerNorm::from_tensors(&three, Some(&two)),
        &["(3,)", "(2,)"],
    );
    says(
        nn::RmsNorm::from_tensors(&three.to_dtype(DType::I32)),
        &["RmsNorm", "i32"],
    );
    says(
        nn::GroupNorm::from_tensors(2, &three, None),
        &["3 channels", "2 groups"],
    );
    says(
        nn::GroupNorm::from_tensors(2, &square, None),
        &["vector", "(2,2)"],
    );
    says(nn::LayerNorm::new((), dev), &["LayerNorm", "at least one"]);
    says(nn::RmsNorm::new([2, 0], dev), &["RmsNorm", "at least one"]);
    says(
        nn::RmsNorm::new([2, 4], dev)?.forward(&zeros(&[4])?),
        &["RmsNorm", "(4,)", "(2,4)"],
    );
    says(
        nn::GroupNorm::new(3, 4, dev),
        &["GroupNorm", "4 channels", "3 groups"],
    );
    says(
        nn::GroupNorm::new(2, 4, dev)?.forward(&zeros(&[4])?),
        &["GroupNorm", "(n, channels"],
    );
    let numbers = Tensor::new([[1, 2]], dev)?;
    says(
        nn::LayerNorm::new(2, dev)?.forward(&numbers),
        &["LayerNorm", "i32", "floats"],
    );

    says(
        nn::MaxPool2d::new(3).forward(&zeros(&[2, 2])?),
        &["max_pool2d", "(2,2)"],
    );
    says(
        nn::GlobalAvgPool2d::new().forward(&zeros(&[4])?),
        &["GlobalAvgPool", "(4,)"],
    );
    says(
        nn::GlobalAvgPool1d::new().forward(&zeros(&[4, 0])?),
        &["elements", "(4,0)"],
    );
    says(
        nn::AdaptiveAvgPool1d::new(0).forward(&zeros(&[4])?),
        &["at least one place"],
    );
    says(nn::Flatten.forward(&zeros(&[])?), &["Flatten", "(n, …)"]);

    says(
        nn::Glu(0).forward(&zeros(&[3, 2])?),
        &["Glu", "even", "(3,2)"],
    );
    says(
        nn::Softmax(2).forward(&zeros(&[3, 2])?),
        &["softmax", "axis 2"],
    );
    says(nn::Hardtanh(1.0, -1.0).forward(&zeros(&[2])?), &["1", "-1"]);
    says(nn::Softshrink(f64::NAN).forward(&zeros(&[2])?), &["NaN"]);
    says(nn::Celu(0.0).forward(&zeros(&[2])?), &["alpha", "0"]);
    says(
        nn::Prelu::new(3, dev)?.forward(&zeros(&[3])?),
        &["Prelu", "3 channels", "(3,)"],
    );
    says(nn::Prelu::new(0, dev), &["Prelu", "vector"]);
    Ok(())
}

/// A name must lead to one layer.
fn names_that_mislead() {
    for name in ["", "a.b", "0", "17", "twice"] {
        let named = std::panic::catch_unwind(|| {
            let model = nn::Sequential::new().then_named("twice", nn::Relu);
            model.then_named(name, nn::Relu)
        });
        assert!(named.is_err(), "{name:?} was taken");
    }
}
