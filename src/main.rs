//! The program: arguments in, [`wardwatch::cli`] out.

/// A poll makes and drops many small things; this one is quicker at that than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    wardwatch::cli::main()
}
