// A pointwise kernel.
//
// Elements are numbered in rows along the innermost dimension. An invocation computes a run of a row,
// WIDTH neighbouring elements at a time.
//
// Rust fills the marked slots; as it stands, the kernel copies.

//[header
struct Params { words: array<vec4<u32>, 1> }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> b0: array<f32>;
@group(0) @binding(1) var<storage, read_write> b1: array<f32>;
const GROUP = 64u;
//]
//[width
const WIDTH = 1u;
//]

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

//[library
//]

@compute @workgroup_size(GROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    // Past 65,535 groups the grid wraps into its second dimension.
    let unit = (group.y * groups.x + group.x) * GROUP + local;
    if unit >= word(0u) {
        return;
    }
    let inner = word(1u); // elements of a row
    let run = word(2u);
    //[begin
    let row = unit / word(3u);
    let first = unit % word(3u) * run;
    //]
    let end = min(first + run, inner);
    for (var at = first; at < end; at += WIDTH) {
        //[body
        let i = row * inner + at;
        b1[i] = b0[i];
        //]
    }
}
