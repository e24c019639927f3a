# French sentences of the scripts, and the two ways to say them. Sourced, never run.

MESSAGE_NO_PYTHON="Python 3.11 est introuvable : installez-le (sous Debian 12 : « sudo apt-get install python3.11 »), puis relancez la commande."
MESSAGE_NO_DISK="Place insuffisante sur le disque : il reste %s Mo et les deux environnements en demandent environ %s ; libérez de la place, puis relancez la commande."
MESSAGE_NOT_WRITABLE="Impossible d'écrire dans « %s » : rendez-vous propriétaire de ce dossier (« sudo chown -R \$USER . »), puis relancez la commande."
MESSAGE_NO_NETWORK="Le dépôt de paquets Python ne répond pas : vérifiez la connexion à Internet ou le proxy, puis relancez la commande (elle reprendra où elle en était)."
MESSAGE_NO_UV="uv %s n'a pas pu être installé : installez-le vous-même (« pip install uv »), puis relancez la commande."
MESSAGE_WRONG_HASH="Le fichier de uv reçu du dépôt n'est pas le bon (empreinte différente) : relancez la commande, et si cela se répète, ne l'utilisez pas."
MESSAGE_SYNC_FAILED="L'environnement « %s » n'a pas pu être préparé : la raison est écrite juste au-dessus ; relancez la commande, elle reprendra où elle en était."
MESSAGE_UV="Installation de uv %s dans .tools…"
MESSAGE_SYNC="Préparation de l'environnement « %s » (la première fois, quelques minutes)…"
MESSAGE_SYSTEM="Installation des paquets Debian : %s…"
MESSAGE_SYSTEM_RIGHTS="Il manque des paquets Debian : tapez « sudo apt-get install %s », puis relancez la commande."
MESSAGE_SYSTEM_NO_APT="Il manque sur cette machine : %s ; installez-les avec l'outil de votre système, puis relancez la commande."
MESSAGE_SYSTEM_FAILED="Les paquets Debian n'ont pas pu être installés : vérifiez la connexion à Internet, puis tapez « sudo apt-get update » et « sudo apt-get install %s »."

# say MESSAGE [VALUE…]: one line, printf-style.
say() {
  local message="$1"
  shift
  # shellcheck disable=SC2059  # the message is ours and holds the format
  printf -- "$message\n" "$@"
}

# fail MESSAGE [VALUE…]: the sentence on the error output, and the end of the script.
fail() {
  say "$@" >&2
  exit 1
}
