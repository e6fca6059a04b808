//! The program: arguments in, [`wardwatch::cli`] out.

fn main() -> std::process::ExitCode {
    wardwatch::cli::main()
}
