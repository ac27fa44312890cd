"""Which operators may raise though the shapes, dtypes and devices of their arguments are known to be right.

It matters only behind a change of one of the graph's inputs: then something has to be put back when the graph raises.
So the tables say which operators cannot; one that they lack may. Lack of memory is left out.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.fx

import compiler.marks as marks
from compiler.graph.purity import is_of_torch

_CANNOT = frozenset(
    """
    abs absolute neg negative pos positive sign sgn ceil floor trunc fix round frac exp exp2 expm1 log log2
    log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh arcsin arccos arctan arctan2 atan2
    sqrt rsqrt square reciprocal sigmoid logit erf erfc erfinv lgamma digamma sinc i0 isnan isinf isfinite
    isposinf isneginf signbit nan_to_num logical_not logical_and logical_or logical_xor bitwise_not bitwise_and
    bitwise_or bitwise_xor invert inv and or xor rand ror rxor lshift rshift add sub subtract mul multiply div
    divide true_divide truediv rsub radd rmul rtruediv rdiv pow rpow float_power maximum minimum fmax fmin clamp
    clip clamp_min clamp_max lerp addcmul addcdiv where hypot copysign heaviside logaddexp logaddexp2 xlogy
    real imag conj conj_physical resolve_conj resolve_neg angle eq ne lt le gt ge not_equal greater
    greater_equal less less_equal isclose masked_fill fill zero copy threshold dropout dropout1d dropout2d
    dropout3d feature_dropout alpha_dropout feature_alpha_dropout native_dropout uniform rand_like randn_like
    relu relu6 elu selu celu gelu silu mish leaky_relu prelu rrelu hardtanh hardswish hardsigmoid hardshrink
    softshrink tanhshrink softplus softsign logsigmoid log_sigmoid glu softmax log_softmax softmin
    mm matmul rmatmul bmm mv dot vdot inner outer ger addmm addbmm baddbmm addmv addr linear bilinear einsum
    tensordot kron cross conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution
    batch_norm instance_norm group_norm layer_norm rms_norm local_response_norm normalize native_batch_norm
    native_layer_norm native_group_norm scaled_dot_product_attention avg_pool1d avg_pool2d avg_pool3d max_pool1d
    max_pool2d max_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
    adaptive_max_pool2d adaptive_max_pool3d lp_pool1d lp_pool2d interpolate upsample unfold fold pixel_shuffle
    pixel_unshuffle channel_shuffle cosine_similarity pairwise_distance cdist mse_loss l1_loss smooth_l1_loss
    huber_loss kl_div binary_cross_entropy_with_logits
    sum mean prod max min amax amin aminmax argmax argmin all any std var std_mean var_mean norm nansum nanmean
    median nanmedian mode logsumexp count_nonzero cumsum cumprod cummax cummin logcumsumexp sort argsort topk
    kthvalue dist trace diff
    view view_as reshape reshape_as flatten unflatten ravel squeeze unsqueeze expand expand_as broadcast_to
    repeat tile t transpose permute movedim moveaxis swapaxes swapdims adjoint contiguous narrow select slice
    chunk split split_with_sizes tensor_split unbind diagonal diag diag_embed tril triu flip fliplr flipud roll
    rot90 cat concat concatenate stack hstack vstack dstack column_stack block_diag meshgrid atleast_1d
    atleast_2d atleast_3d pad as_strided view_as_real view_as_complex broadcast_tensors cartesian_prod
    unsafe_chunk unsafe_split alias detach
    clone to type type_as float double half bfloat16 int long short char byte bool cpu cuda complex zeros ones
    empty full zeros_like ones_like empty_like full_like new_zeros new_ones new_empty new_full new_tensor arange
    linspace logspace eye tensor as_tensor scalar_tensor tril_indices triu_indices empty_strided randn randint
    randperm requires_grad set_grad_enabled
    """.split()
)
"""Names without what spells an operator in place or as a method (``add`` for ``add_ __add__ iadd __iadd__``)."""

_DIVIDES = frozenset("floor_divide floordiv remainder fmod mod".split())
_DIVIDES_BY_FIRST = frozenset("rfloordiv rmod rremainder".split())
"""These raise for a zero among integers."""

_INDEXES = frozenset(
    "embedding embedding_bag gather scatter scatter_add scatter_reduce index_select index_add index_copy index_fill "
    "index_put index_reduce take take_along_dim put getitem setitem one_hot cross_entropy cross_entropy_loss nll_loss "
    "nll_loss_nd nll_loss2d grid_sample binary_cross_entropy".split()
)
"""These look at indices or probabilities, and raise on the CPU; a GPU's kernels stop the process instead."""

_DRAWS = frozenset("normal_ bernoulli_ exponential_ geometric_ cauchy_ log_normal_ random_".split())
"""These raise for what their parameters are, which may be tensors."""

_AUGMENTED = frozenset("iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift".split())


def may_raise(node: torch.fx.Node, device: torch.device) -> bool:
    """Whether a call that fits its arguments may raise for what they contain, on that device."""
    if node.target in marks.ALLOWED or not is_of_torch(node.target):
        return True
    name = operator_name(node.target)
    if name in _DIVIDES or (name in ("div", "divide") and node.kwargs.get("rounding_mode") is not None):
        return not _is_floating(node) and any(
            isinstance(divisor, torch.fx.Node) for divisor in (*node.args[1:], *node.kwargs.values())
        )
    if name in _DIVIDES_BY_FIRST:
        return not _is_floating(node)
    if name in _INDEXES:
        return device.type == "cpu" and _looks_at_indices(name, node)
    if node.target in _DRAWS:
        return len(node.all_input_nodes) > 1
    return name not in _CANNOT


def operator_name(target: Any) -> str:
    """What a function, method or overload of the operator is called, in place or not."""
    name = target if isinstance(target, str) else getattr(target, "__name__", "")
    name = name.removeprefix("Tensor.").partition(".")[0]
    name = (name.strip("_") or name).removeprefix("foreach_")
    return name[1:] if name in _AUGMENTED else name


def _is_floating(node: torch.fx.Node) -> bool:
    examples = [argument.meta.get("example_value") for argument in node.all_input_nodes]
    return any(isinstance(example, torch.Tensor) and example.is_floating_point() for example in examples)


def _looks_at_indices(name: str, node: torch.fx.Node) -> bool:
    """Numbers that stand in the program fail the first time or never; so do masks, which are no indices."""
    if name not in ("getitem", "setitem"):
        return True
    first, index, *assigned = node.args
    if not isinstance(first, torch.fx.Node) or "example_value" not in first.meta:
        return False  # one of several results
    masks = _examples(index)
    if not all(isinstance(mask, torch.Tensor) and mask.dtype is torch.bool for mask in masks):
        return True
    # Values for the elements behind a mask fit however many it selects.
    behind = first.meta["example_value"].dim() - masks[0].dim() if isinstance(index, torch.fx.Node) else 0
    return bool(masks) and any(value.dim() > behind for value in _examples(assigned))


def _examples(argument: Any) -> list[Any]:
    found: list[Any] = []
    torch.fx.node.map_arg(argument, lambda node: found.append(node.meta.get("example_value")))
    return found
