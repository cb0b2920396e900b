//! Propagates batches through layers of given weights, by matrix products and by `nn::Linear`, and
//! shows the error of a product whose shapes do not align.
//!
//!     cargo run --release --example layers

use tilewise::prelude::*;

fn main() -> Result<()> {
    let dev = Device::default();
    println!("device: {dev}\n");

    // Three source nodes, then five, then two. A weight has shape (target nodes, source nodes), and
    // each column of the input is one sample: ten times the same.
    let x = Tensor::new([[1f32], [2.], [4.]], &dev)?.broadcast_to([3, 10])?;
    let w1 = Tensor::new(
        [
            [3f32, 8., 5.],
            [4., 9., 7.],
            [4., 1., 3.],
            [8., 8., 4.],
            [3., 1., 9.],
        ],
        &dev,
    )?;
    let w2 = Tensor::new([[2f32, 2., 1., 2., 2.], [2., 2., 2., 2., 1.]], &dev)?;
    let hidden = w1.matmul(&x)?;
    println!("W1 · X =\n{hidden}\n");
    println!("W2 · W1 · X =\n{}\n", w2.matmul(&hidden)?);

    // The same as a network. Layers take one sample a row.
    let network = nn::Sequential::new()
        .then(nn::Linear::from_tensors(&w1, None)?)
        .then(nn::Linear::from_tensors(&w2, None)?);
    println!(
        "as a network, one sample a row:\n{}\n",
        network.forward(&x.t())?
    );

    // A layer with a bias.
    let batch = Tensor::new(
        [
            [1f32, 2., 3., 2.5],
            [2., 5., -1., 2.],
            [-1.5, 2.7, 3.3, -0.8],
        ],
        &dev,
    )?;
    let w = Tensor::new(
        [
            [0.2f32, 0.8, -0.5, 1.],
            [0.5, -0.91, 0.26, -0.5],
            [-0.26, -0.27, 0.17, 0.87],
        ],
        &dev,
    )?;
    let b = Tensor::new([2f32, 3., 0.5], &dev)?;
    let layer = nn::Linear::from_tensors(&w, Some(&b))?;
    println!("X · Wᵀ + b =\n{}\n", layer.forward(&batch)?);

    // A mistake is an error that names the shapes, what does not fit, and this line.
    let (five, ten) = (Tensor::ones([5, 3], &dev)?, Tensor::ones([10, 3], &dev)?);
    if let Err(error) = five.matmul(&ten) {
        println!("(5,3) · (10,3): {error}");
    }
    Ok(())
}
