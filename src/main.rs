//! The `rushes` program: everything is in the library.

fn main() -> std::process::ExitCode {
    rushes::cli::run()
}
