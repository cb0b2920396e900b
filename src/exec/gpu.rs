use crate::device::DeviceKind;
use super::*;
pub(crate) struct Gpu;
#[derive(Default)] pub(crate) struct Options;
pub(crate) async fn adapters() -> Vec<wgpu::Adapter> { vec![] }
pub(crate) fn kind(_t: wgpu::DeviceType) -> DeviceKind { DeviceKind::OtherGpu }
impl Gpu { pub(crate) async fn open(_a: &wgpu::Adapter, _o: Options) -> crate::Result<Self> { Ok(Self) } }
impl Executor for Gpu {
    fn name(&self) -> String { todo!() } fn limits(&self) -> Limits { todo!() }
    fn alloc(&self, _w: usize) -> Result<BufferId, ErrorKind> { todo!() } fn free(&self, _b: BufferId) {}
    fn write(&self, _b: BufferId, _w: &[u32]) -> Result<(), ErrorKind> { todo!() }
    fn run(&self, _p: &Arc<Plan>, _s: &[BufferId], _c: &[u32]) -> Result<(), ErrorKind> { todo!() }
    fn read(&self, _b: BufferId, _s: usize, _w: usize) -> Reading { todo!() }
    fn synchronize(&self) -> Result<(), ErrorKind> { todo!() } fn memory(&self) -> Memory { todo!() } fn counters(&self) -> Counters { todo!() } fn trim(&self) {}
}
