#!/usr/bin/env python3
"""Writes the example exports beside it, as the helpdesks and Excel would: make_exports.py. All texts are made up."""

import csv
import io
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent

TICKETS = [
    ("101", "VPN coupé", "Bonjour,\nle VPN se coupe toutes les dix minutes.\nMerci", "Réseau > VPN"),
    ("102", "Imprimante à l'arrêt", "L'imprimante du 2e étage n'imprime plus : « bourrage papier » ; coût 30 €", "Matériel > Impression"),
    ("103", "Mot de passe oublié", "Je n'ai plus accès à ma session œuvre-01 & j'attends.", "Comptes"),
]


def html(text):
    lines = text.replace("&", "&amp;").replace("\n", "<br />")
    return f"<p>{lines}</p>"


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rows_as(rows, delimiter, quoting=csv.QUOTE_ALL, end="\r\n"):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    return text.getvalue()


def write(name, data, encoding="utf-8"):
    (HERE / name).write_bytes(data.encode(encoding))


def main():
    # GLPI, French and English; the texts as versions up to 9.5 wrote them: HTML with its characters escaped.
    body = [(i, s, "Nouveau", "12/03/2024 10:15", escaped(html(b)), escaped(c)) for i, s, b, c in TICKETS]
    write("glpi_fr.csv", rows_as([("ID", "Titre", "Statut", "Date d'ouverture", "Description", "Catégorie"), *body], ";"), "utf-8-sig")
    write("glpi_en.csv", rows_as([("ID", "Title", "Status", "Opening date", "Description", "Category"), *body], ";"), "utf-8-sig")
    # Zammad: the API's answer with its articles, and a sheet of a report saved as CSV.
    write("zammad.json", json.dumps([
        {"id": 7, "number": number, "title": title, "group": label.split(" > ")[0], "state": "new",
         "article": {"content_type": "text/html", "body": html(text)}} for number, title, text, label in TICKETS],
        ensure_ascii=False, indent=2) + "\n")
    write("zammad.csv", rows_as([("#", "Title", "State", "Priority", "Group"),
                                 *[(n, t, "new", "2 normal", g.split(" > ")[0]) for n, t, _, g in TICKETS]], ","))
    # Jira Service Management: columns that repeat, a request type; in French without one.
    write("jira.csv", rows_as([("Summary", "Issue key", "Issue id", "Issue Type", "Component/s", "Component/s", "Description",
                                "Custom field (Request Type)", "Comment", "Comment"),
                               *[(s, f"IT-{i}", i, "Incident", "", "Poste", b, c, "un", "") for i, s, b, c in TICKETS]],
                              ",", csv.QUOTE_MINIMAL, "\n"))
    write("jira_fr.csv", rows_as([("Résumé", "Clé de ticket", "Composants", "Composants", "Description"),
                                  *[(s, f"IT-{i}", "", c, b) for i, s, b, c in TICKETS]], ",", csv.QUOTE_MINIMAL, "\n"))
    # A French Excel: "CSV (séparateur : point-virgule)" and "Texte Unicode".
    plain = [("id", "subject", "body", "label"), *TICKETS]
    write("excel_fr.csv", rows_as(plain, ";", csv.QUOTE_MINIMAL), "cp1252")
    write("excel_unicode.tsv", "\ufeff" + rows_as(plain, "\t", csv.QUOTE_MINIMAL), "utf-16-le")


if __name__ == "__main__":
    main()
