//! The program: arguments in, [`wardwatch::cli`] out.

fn main() {}
