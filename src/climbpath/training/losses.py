"""Training losses, each as a sum over the predicted tokens of a batch. Logits are [N, V]."""

import torch
from torch import Tensor
from torch.nn import functional as F

from climbpath.training.batches import Batch

NEVER = -100.0
"""Logarithm of the probability of what cannot follow, which is multiplied by 0."""


def mask_logits(logits: Tensor, batch: Batch) -> Tensor:
    """The logits with those of tokens that cannot follow at minus infinity."""
    return logits if batch.possible is None else logits.masked_fill(~batch.possible, float("-inf"))


def nats(logits: Tensor, batch: Batch) -> Tensor:
    """-log p of the batch's problems given their conditions, summed; one row of logits for each of its tokens."""
    return F.cross_entropy(mask_logits(logits, batch), batch.targets, ignore_index=-100, reduction="sum")


def future_holds_nats(future_logits: Tensor, batch: Batch) -> Tensor:
    """-log p of which tokens occur anywhere later, from every predicted token on, summed."""
    b, t = batch.inputs.shape
    predicted = batch.targets >= 0
    # the next token at every place, [B, T], and the row of logits that belongs to it; -1 where there is none
    places = batch.token_places[predicted]
    target, row = (future_logits.new_full((b * t,), -1, dtype=torch.long) for _ in range(2))
    target[places], row[places] = batch.targets[predicted], torch.arange(len(places), device=places.device)
    target, row = target.view(b, t), row.view(b, t)
    # which places s hold a token that occurs at or after place t, [B, T, T]; of a one-hold start, which is two tokens
    # of one kind, the second counts only where the first has passed
    place = torch.arange(t, device=target.device)
    again = F.pad(target[:, 1:] == target[:, :-1], (1, 0))
    occurs = (place[:, None] <= place) & (target >= 0)[:, None] & (row >= 0)[:, :, None]
    occurs &= ~(again[:, None] & (place[:, None] < place))
    problem, now, later = occurs.nonzero(as_tuple=True)
    # binary cross-entropy of all tokens as if none occurred, and what those that do make of it
    logits = future_logits[predicted]
    return F.softplus(logits).sum() - logits[row[problem, now], target[problem, later]].sum()


def distillation_nats(logits: Tensor, batch: Batch, probabilities: Tensor) -> Tensor:
    """Cross-entropy of the model's probabilities against the teachers' [N, V], summed."""
    predicted = batch.targets >= 0
    log_p = F.log_softmax(mask_logits(logits, batch)[predicted], dim=1)
    return -(probabilities[predicted] * log_p.clamp_min(NEVER)).sum()
