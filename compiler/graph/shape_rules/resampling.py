"""Resampling: the operators behind `F.interpolate` and `F.grid_sample`, whose meta kernels take 5 to 90 ms."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from compiler.graph.shape_rules.examples import check_example, check_int, require
from compiler.graph.shape_rules.layout import is_standard
from compiler.graph.shape_rules.reductions import fresh
from compiler.graph.shape_rules.table import Rule, register, rule


def _sizes(input: Any, output_size: Any, scale_factors: Any) -> tuple[int, ...]:
    """Sizes given, or those of the input times factors, rounded down; one of the two is None."""
    require((output_size is None) != (scale_factors is None))
    given = tuple(output_size if scale_factors is None else scale_factors)
    require(len(given) == input.dim() - 2)
    if scale_factors is not None:
        require(all(type(factor) is float for factor in given))
        given = tuple(int(size * factor) for size, factor in zip(input.shape[2:], given, strict=True))
    check_int(*given)
    require(all(size > 0 for size in given))
    return given


def _upsampled(dims: int, input: Any, output_size: Any, scale_factors: Any) -> Tensor:
    check_example(input, "f")
    require(input.dim() == dims + 2 and is_standard(input) and 0 not in input.shape)
    return fresh((*input.shape[:2], *_sizes(input, output_size, scale_factors)), input.dtype, input)


def _nearest(dims: int) -> Rule:
    def upsample(input: Any, output_size: Any, scale_factors: Any) -> Tensor:
        return _upsampled(dims, input, output_size, scale_factors)

    return upsample


def _interpolating(dims: int) -> Rule:
    def upsample(input: Any, output_size: Any, align_corners: bool, scale_factors: Any) -> Tensor:
        require(type(align_corners) is bool)
        return _upsampled(dims, input, output_size, scale_factors)

    return upsample


for _dims in (1, 2, 3):
    register(f"nn.upsample_nearest{_dims}d nn._upsample_nearest_exact{_dims}d", _nearest(_dims))
register("nn.upsample_linear1d", _interpolating(1))
register("nn.upsample_bilinear2d nn.upsample_bicubic2d", _interpolating(2))
register("nn._upsample_bilinear2d_aa nn._upsample_bicubic2d_aa", _interpolating(2))
register("nn.upsample_trilinear3d", _interpolating(3))


@rule("torch.grid_sampler")
def grid_sampler(input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Tensor:
    check_example(input, "f")
    check_example(grid, "f")
    check_int(interpolation_mode, padding_mode)
    require(interpolation_mode in (0, 1, 2) and padding_mode in (0, 1, 2) and type(align_corners) is bool)
    require(input.dim() in (4, 5) and grid.dim() == input.dim() and input.dtype is grid.dtype)
    require(not (interpolation_mode == 2 and input.dim() == 5))
    require(input.shape[0] == grid.shape[0] and grid.shape[-1] == input.dim() - 2)
    require(is_standard(input) and is_standard(grid) and 0 not in input.shape and 0 not in grid.shape)
    return fresh((*input.shape[:2], *grid.shape[1:-1]), input.dtype, input, grid)
