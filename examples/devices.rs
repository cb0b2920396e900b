//! Lists the devices of this machine, best first, as `Device::named` and `TILEWISE_DEVICE` know them.
//!
//!     cargo run --release --example devices

use tilewise::Device;

fn main() {
    for info in Device::list() {
        println!("{info}");
    }
}
