//! What a summary says of networks.

use tilewise::Shape;
use tilewise::prelude::*;

tests![
    names_kinds_shapes_and_counts,
    layers_of_ones_own,
    layers_that_look_alike,
    of_tokens,
    of_all_kinds,
    as_text,
];

/// Name, kind, output and parameters of each row.
fn rows(summary: &nn::Summary) -> Vec<(&str, &str, Option<&[usize]>, usize)> {
    let rows = summary.rows().iter().map(|row| {
        let output = row.output.as_ref().map(Shape::dims);
        (row.name.as_str(), row.kind.as_str(), output, row.parameters)
    });
    rows.collect()
}

fn names_kinds_shapes_and_counts(dev: &Device) -> Result<()> {
    let model = nn::Sequential::new()
        .then(nn::Conv2d::new(3, 8, 3, dev)?.padding(1).without_bias())
        .then(nn::BatchNorm2d::new(8, dev)?)
        .then(nn::LeakyRelu(0.1))
        .then(nn::MaxPool2d::new(2))
        .then(nn::Residual::new(nn::Conv2d::new(8, 8, 1, dev)?))
        .then(nn::Flatten)
        .then_named("head", nn::mlp([128, 10, 2], nn::Relu, dev)?)
        .then(|x: &Tensor| x.softmax(-1));
    let summary = nn::summary(&model, [5, 3, 8, 8])?;
    let want: Vec<(&str, &str, Option<&[usize]>, usize)> = vec![
        ("", "Sequential", Some(&[5, 2]), 0),
        ("0", "Conv2d", Some(&[5, 8, 8, 8]), 216),
        ("1", "BatchNorm2d", Some(&[5, 8, 8, 8]), 16),
        ("2", "LeakyRelu", Some(&[5, 8, 8, 8]), 0),
        ("3", "MaxPool2d", Some(&[5, 8, 4, 4]), 0),
        ("4", "Residual", Some(&[5, 8, 4, 4]), 0),
        ("4.inner", "Conv2d", Some(&[5, 8, 4, 4]), 72),
        ("5", "Flatten", Some(&[5, 128]), 0),
        ("head", "Sequential", Some(&[5, 2]), 0),
        ("head.0", "Linear", Some(&[5, 10]), 1290),
        ("head.1", "Relu", Some(&[5, 10]), 0),
        ("head.2", "Linear", Some(&[5, 2]), 22),
        ("7", "closure", Some(&[5, 2]), 0),
    ];
    assert_eq!(rows(&summary), want);
    assert_eq!(summary.parameters(), model.parameter_count());
    assert_eq!(summary.buffers(), 17);
    assert!(nn::summary(&model, [5, 2, 8, 8]).is_err());
    Ok(())
}

/// The crate's layers inside tell of themselves; a parameter that is shared counts once.
fn layers_of_ones_own(dev: &Device) -> Result<()> {
    struct Tied {
        weight: std::sync::Arc<nn::Param>,
        wide: nn::Linear,
        bend: nn::Activation,
    }
    impl Module for Tied {
        fn forward(&self, x: &Tensor) -> Result<Tensor> {
            let y = self.bend.forward(&self.wide.forward(x)?)?;
            y.matmul(&self.weight.value())?
                .matmul(&self.weight.value().t())
        }
        fn visit(&self, visitor: &mut nn::Visitor) {
            visitor.param("first", &self.weight);
            visitor.param("second", &self.weight);
            visitor.module("wide", &self.wide);
            visitor.module("bend", &self.bend);
        }
    }
    let weight = nn::Param::new(&Tensor::ones([6, 3], dev)?);
    let model = Tied {
        weight: std::sync::Arc::new(weight),
        wide: nn::Linear::new(4, 6, dev)?,
        bend: nn::Tanh,
    };
    let summary = nn::summary(&model, [1, 4])?;
    let want: Vec<(&str, &str, Option<&[usize]>, usize)> = vec![
        ("", "Tied", Some(&[1, 6]), 36),
        ("wide", "Linear", Some(&[1, 6]), 30),
        ("bend", "Tanh", Some(&[1, 6]), 0),
    ];
    assert_eq!(rows(&summary), want);
    assert_eq!(summary.parameters(), 18 + 30);
    Ok(())
}

/// Types without fields may share an address.
fn layers_that_look_alike(dev: &Device) -> Result<()> {
    struct Halved;
    impl Module for Halved {
        fn forward(&self, x: &Tensor) -> Result<Tensor> {
            x.narrow(1, 0, x.shape()[1] / 2)
        }
    }
    let model = nn::Sequential::new().then(Halved).then(Halved).then(Halved);
    let summary = nn::summary_of(&model, &Tensor::zeros([1, 16], dev)?)?;
    let sizes = summary.rows()[1..].iter().map(|row| {
        let output = row.output.as_ref();
        output.map(|shape| shape.dims()[1])
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [Some(8), Some(4), Some(2)]);
    Ok(())
}

fn of_tokens(dev: &Device) -> Result<()> {
    let model = nn::Sequential::new()
        .then(nn::Embedding::new(10, 8, dev)?)
        .then(nn::PositionalEncoding::new(16, 8, dev)?)
        .then(nn::TransformerBlock::new(8, 2, 16, dev)?)
        .then(nn::Gru::new(8, 5, dev)?);
    assert!(nn::summary(&model, [1, 6]).is_err());
    let tokens = Tensor::zeros([1, 6], dev)?.to_dtype(DType::U32);
    let summary = nn::summary_of(&model, &tokens)?;
    let unknown: Vec<&str> = rows(&summary)
        .iter()
        .filter(|row| row.2.is_none())
        .map(|row| row.0)
        .collect();
    assert_eq!(unknown, [""; 0]);
    let row = |name: &str| rows(&summary).into_iter().find(|row| row.0 == name);
    assert_eq!(row("2.linear1").unwrap().2, Some(&[1, 6, 16][..]));
    assert_eq!(row("2.self_attn").unwrap().2, Some(&[1, 6, 8][..]));
    assert_eq!(row("3").unwrap().2, Some(&[1, 6, 5][..]));
    Ok(())
}

/// Each layer of the crate tells of itself under its own name.
fn of_all_kinds(dev: &Device) -> Result<()> {
    let layers: Vec<(Box<dyn Module>, &str, &[usize])> = vec![
        (
            Box::new(nn::Conv1d::new(4, 4, 3, dev)?),
            "Conv1d",
            &[2, 4, 8],
        ),
        (
            Box::new(nn::ConvTranspose1d::new(4, 4, 3, dev)?),
            "ConvTranspose1d",
            &[2, 4, 8],
        ),
        (
            Box::new(nn::ConvTranspose2d::new(4, 4, 3, dev)?),
            "ConvTranspose2d",
            &[2, 4, 8, 8],
        ),
        (Box::new(nn::MaxPool1d::new(2)), "MaxPool1d", &[2, 4, 8]),
        (Box::new(nn::AvgPool2d::new(2)), "AvgPool2d", &[2, 4, 8, 8]),
        (
            Box::new(nn::GlobalAvgPool2d::new()),
            "GlobalAvgPool2d",
            &[2, 4, 8, 8],
        ),
        (
            Box::new(nn::AdaptiveAvgPool1d::new(3)),
            "AdaptiveAvgPool1d",
            &[2, 4, 8],
        ),
        (
            Box::new(nn::BatchNorm1d::new(4, dev)?),
            "BatchNorm1d",
            &[2, 4],
        ),
        (
            Box::new(nn::LayerNorm::new([4], dev)?),
            "LayerNorm",
            &[2, 4],
        ),
        (Box::new(nn::RmsNorm::new([4], dev)?), "RmsNorm", &[2, 4]),
        (
            Box::new(nn::GroupNorm::new(2, 4, dev)?),
            "GroupNorm",
            &[2, 4, 8],
        ),
        (Box::new(nn::Prelu::new(1, dev)?), "Prelu", &[2, 4]),
        (Box::new(nn::Dropout::new(0.5)?), "Dropout", &[2, 4]),
        (Box::new(nn::LstmCell::new(4, 4, dev)?), "LstmCell", &[2, 4]),
        (Box::new(nn::Lstm::new(4, 4, dev)?), "Lstm", &[2, 3, 4]),
        (Box::new(nn::Softmax(-1)), "Softmax", &[2, 4]),
    ];
    for (layer, kind, shape) in layers {
        let model = nn::Sequential::new().then(move |x: &Tensor| Ok(x.clone()));
        let model = model.then_named("it", layer);
        let summary = nn::summary_of(&model, &Tensor::zeros(shape, dev)?)?;
        let row = &summary.rows()[2];
        assert_eq!((row.name.as_str(), row.kind.as_str()), ("it", kind));
        assert!(row.output.is_some(), "{kind}");
    }
    Ok(())
}

fn as_text(dev: &Device) -> Result<()> {
    let model = nn::mlp([64, 128, 10], nn::Relu, dev)?;
    let want = "\
layer   kind     output    parameters
0       Linear   (1,128)        8,320
1       Relu     (1,128)            0
2       Linear   (1,10)         1,290
9,610 parameters for an input of (1,64)";
    assert_eq!(nn::summary(&model, [1, 64])?.to_string(), want);
    let alone = nn::BatchNorm1d::new(4, dev)?;
    let want = "\
layer   kind          output   parameters
        BatchNorm1d   (1,4)             8
8 parameters for an input of (1,4); 9 numbers are kept that are not trained";
    assert_eq!(nn::summary(&alone, [1, 4])?.to_string(), want);
    Ok(())
}
