use super::Tensor;
use crate::error::Result;
impl Tensor {
    pub(crate) fn argsort(&self, _axis: isize, _d: bool) -> Result<Tensor> {
        let v: Vec<f64> = self.to_vec()?;
        let mut o: Vec<u32> = (0..v.len() as u32).collect();
        let key = |x: f64| if x.is_nan() { f64::INFINITY } else { x };
        o.sort_by(|a, b| {
            let (a, b) = (v[*a as usize], v[*b as usize]);
            (a.is_nan(), key(a))
                .partial_cmp(&(b.is_nan(), key(b)))
                .unwrap()
        });
        Tensor::from_slice(&o, self.shape(), &self.device)
    }
    pub(crate) fn keys(&self) -> Tensor {
        self.clone()
    }
    pub(crate) fn from_keys(&self, _: crate::dtype::DType) -> Tensor {
        self.clone()
    }
    pub(crate) fn sort(&self, a: isize, d: bool) -> Result<Tensor> {
        self.index_select(0, &self.argsort(a, d)?)
    }
}
