"""The administrator's pages of datasets: the list, a new one, its columns, its files, and questions about it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from supportbot.analytics.datasets import service, store
from supportbot.analytics.datasets.answer import DatasetAnswer
from supportbot.analytics.datasets.asking import understand
from supportbot.analytics.datasets.columns import TYPES, USES
from supportbot.analytics.datasets.declared import TIME, Declared
from supportbot.analytics.datasets.engine import Refused
from supportbot.analytics.datasets.models import Dataset, Upload
from supportbot.analytics.datasets.preview import first_rows
from supportbot.analytics.datasets.query import ALL, Query
from supportbot.analytics.measures import DIMENSIONS
from supportbot.analytics.period import Period
from supportbot.analytics.query import FIXED
from supportbot.workspaces.administration import administered, chosen
from supportbot.workspaces.models import User

PERIODS = {ALL: "All days", **Period.CHOICES}
FILTERED = ("category", "handler", "outcome", "language", "channel")  # of conversations, as the form offers them


def overview(request: HttpRequest) -> HttpResponse:
    """All datasets of a workspace; by POST a new one, from its first file."""
    workspace = chosen(request)
    if workspace is None:
        return _page(request, "overview", "Datasets", {})
    if request.method == "POST" and (file := request.FILES.get("file")):
        try:
            dataset = service.begin(workspace, request.POST.get("name", ""), file, _user(request))
            return redirect("admin:dataset-columns", dataset.pk)
        except Refused as error:
            messages.error(request, str(error))
    elif request.method == "POST":
        messages.error(request, "Choose a file.")
    datasets = Dataset.objects.in_workspace(workspace)
    context = {"datasets": datasets, "used": store.used(workspace.pk), "workspaces": administered(request)}
    return _page(request, "overview", "Datasets", {"workspace": workspace, **context})


def columns(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """What its columns are, to be confirmed and corrected."""
    dataset = _found(request, dataset_id)
    if request.method == "POST":
        try:
            if service.settle(dataset, request.POST.dict(), _user(request)):
                return redirect("admin:dataset-files", dataset.pk)
            messages.success(request, "Nothing has to be read anew.")
            return redirect("admin:dataset", dataset.pk)
        except Refused as error:
            messages.error(request, str(error))
            dataset.refresh_from_db()
    upload = dataset.uploads.filter(state=Upload.State.DESCRIBED).first()
    context = {
        **{"dataset": dataset, "columns": _with_examples(dataset, upload), "upload": upload},
        **{"types": TYPES, "uses": USES, "keys": Dataset.Key.choices, "erasures": Dataset.OnErasure.choices},
    }
    return _page(request, "columns", f"{dataset}: columns", context)


def files(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Its files with their progress and reports; by POST one more."""
    dataset = _found(request, dataset_id)
    if request.method == "POST":
        try:
            file = request.FILES.get("file")
            if file is None:
                raise Refused("Choose a file.")
            service.add(dataset, file, request.POST.get("mode", ""), _user(request))
        except Refused as error:
            messages.error(request, str(error))
        return redirect("admin:dataset-files", dataset.pk)
    return _page(
        request, "files", f"{dataset}: files", {"dataset": dataset, "modes": Upload.Mode.choices, **_report(dataset)}
    )


@require_safe
def progress(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """The reports alone, for the page to look at while a file is taken."""
    dataset = _found(request, dataset_id)
    return render(request, "analytics/datasets/report.html", {"dataset": dataset, **_report(dataset)})


@require_safe
def bad_rows(request: HttpRequest, dataset_id: int, upload_id: int) -> FileResponse:
    """What could not be read of a file, as CSV."""
    upload = get_object_or_404(_found(request, dataset_id).uploads, pk=upload_id)
    try:
        opened = store.report(upload).open("rb")
    except OSError as error:
        raise Http404("The report is not there any more.") from error
    return FileResponse(opened, as_attachment=True, filename=f"bad-rows-{upload.pk}.csv", content_type="text/csv")


@require_POST
def change(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """Forget somebody, or delete all of it."""
    dataset, workspace = _found(request, dataset_id), _found(request, dataset_id).workspace
    if request.POST.get("what") == "delete":
        service.delete(dataset, _user(request))
        messages.success(request, f"{dataset.name} was deleted.")
        return redirect(f"{reverse('admin:datasets')}?workspace={workspace.slug}")
    if request.POST.get("what") == "forget":
        try:
            service.forget_person(dataset, request.POST.get("person", ""), _user(request))
            messages.success(request, "A worker takes these rows out of all datasets now.")
        except Refused as error:
            messages.error(request, str(error))
    return redirect("admin:dataset-files", dataset.pk)


def ask(request: HttpRequest, dataset_id: int) -> HttpResponse:
    """A question in words, or the query that was made of one and changed."""
    dataset = _found(request, dataset_id)
    declared = Declared.of(dataset)
    question, today = request.GET.get("q", "").strip(), timezone.now().astimezone(dataset.workspace.zone).date()
    context: dict[str, Any] = {"dataset": dataset, "workspace": dataset.workspace, "question": question}
    if question and "figure" not in request.GET:
        read = understand(question, declared, today)
        unknown = {"unknown": ", ".join(read.unknown)} if read.unknown else {}
        if read.query:
            return redirect(f"{request.path}?{urlencode({'q': question, **read.query.asked, **unknown})}")
        context |= {"is_not_understood": not read.choices, **unknown}
        context["choices"] = [
            (one.figure.name, urlencode({"q": question, **one.asked, **unknown})) for one in read.choices
        ]
    elif dataset.parts and "figure" in request.GET:
        query = Query.read(declared, request.GET.dict(), today)
        context |= {"query": query, "unknown": request.GET.get("unknown", ""), **_controls(query)}
        try:
            context["answer"] = DatasetAnswer(query)
        except Refused as error:
            context["problem"] = str(error)
    context |= {"figures": declared.figures, "examples": _examples(declared)}
    return _page(request, "ask", dataset.name, context)


def _controls(query: Query) -> dict[str, Any]:
    """What the form offers, and what is chosen."""
    declared, scope_choices = query.declared, _choices(query)
    filters = []
    for key, split in declared.splits.items():
        values = split.column.values if split.column else scope_choices.get(split.of_conversations)
        if values or key in query.filters:
            pairs = values.items() if isinstance(values, dict) else [(one, one) for one in values or []]
            filters.append((split, list(pairs), query.filters.get(key)))
    ranges = [(column, *query.ranges.get(key, (None, None))) for key, column in declared.numbers.items()]
    times = {TIME: "Day, week or month"} if declared.has_time or query.figure.of_conversations else {}
    splits = {"": "nothing", **times, **{key: split.name for key, split in declared.splits.items()}}
    return {"filters": filters, "ranges": ranges, "splits": splits, "periods": PERIODS}


def _choices(query: Query) -> dict[str, dict[str, str]]:
    if not query.declared.dataset.is_joined:
        return {}
    scope = query.scope
    return {key: scope.choices(key) for key in FILTERED if key in FIXED or key in DIMENSIONS}


def _examples(declared: Declared) -> list[str]:
    """Questions that this dataset can answer."""
    noun = declared.dataset.name.lower()
    numbers, own = list(declared.numbers.values()), [one.column for one in declared.splits.values() if one.column]
    found = [f"How many {noun} per month?" if declared.has_time else f"How many {noun} are there?"]
    if numbers and own:
        kind = "Average" if numbers[0].use == "average" else "Total"
        found.append(f"{kind} {numbers[0].phrases.split(',')[0]} by {own[0].phrases.split(',')[0]}")
    if declared.dataset.is_joined:
        split = f" by {own[0].phrases.split(',')[0]}" if own else ""
        found += [f"CSAT{split}", f"Contact rate of {noun}{split}"]
    return found


def _with_examples(dataset: Dataset, upload: Upload | None) -> list[tuple[Any, str]]:
    rows = first_rows(dataset, upload)
    width = len(dataset.columns)
    samples = [", ".join(dict.fromkeys(row[place] for row in rows if row[place])) for place in range(width)]
    return list(zip(dataset.described, samples or [""] * width, strict=True))


def _report(dataset: Dataset) -> dict[str, Any]:
    uploads = list(dataset.uploads.select_related("started_by")[:20])
    shown = [(upload, _first_bad(upload)) for upload in uploads]
    return {"uploads": shown, "is_over": not any(not upload.is_over for upload in uploads)}


def _first_bad(upload: Upload) -> list[list[str]]:
    return store.first_bad(upload) if upload.bad else []


def _found(request: HttpRequest, dataset_id: int) -> Dataset:
    mine = Dataset.objects.in_workspaces(_user(request).administers()).select_related("workspace")
    return get_object_or_404(mine, pk=dataset_id)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _page(request: HttpRequest, name: str, title: str, context: dict[str, Any]) -> HttpResponse:
    shared = {"title": title, "here": name, **admin.site.each_context(request)}
    return render(request, f"analytics/datasets/{name}.html", {**shared, **context})
