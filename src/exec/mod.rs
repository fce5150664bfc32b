//! Where steps run: worker processes of this same program.
