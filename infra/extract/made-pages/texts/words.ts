// Words of buttons, panes and notices, as sites in each language write them. English stands in where one is missing.
const keys =
  `reply quote edit report like posts joined location topic forum home search login register logout faq members newPosts next previous by says online rules
contact privacy rights cookies accept decline settings readMore subscribe newsletter toTop ad javascript share print related popular recent tags categories archive comments leaveComment
views answers score asked answered cart buy price inStock reviews description specification shipping wishlist qty similar contents onThisPage editPage lastUpdated wasHelpful
yes no version menu language example note warning daysAgo author date wrote moderator member newbie admin sort filter results showMore signature permalink markSolved whoIsOnline
attachments jumpTo powered help about blog news events products ingredients method servings prepTime`.split(/\s+/) as readonly Word[];

export type Word =
  | 'reply'
  | 'quote'
  | 'edit'
  | 'report'
  | 'like'
  | 'posts'
  | 'joined'
  | 'location'
  | 'topic'
  | 'forum'
  | 'home'
  | 'search'
  | 'login'
  | 'register'
  | 'logout'
  | 'faq'
  | 'members'
  | 'newPosts'
  | 'next'
  | 'previous'
  | 'by'
  | 'says'
  | 'online'
  | 'rules'
  | 'contact'
  | 'privacy'
  | 'rights'
  | 'cookies'
  | 'accept'
  | 'decline'
  | 'settings'
  | 'readMore'
  | 'subscribe'
  | 'newsletter'
  | 'toTop'
  | 'ad'
  | 'javascript'
  | 'share'
  | 'print'
  | 'related'
  | 'popular'
  | 'recent'
  | 'tags'
  | 'categories'
  | 'archive'
  | 'comments'
  | 'leaveComment'
  | 'views'
  | 'answers'
  | 'score'
  | 'asked'
  | 'answered'
  | 'cart'
  | 'buy'
  | 'price'
  | 'inStock'
  | 'reviews'
  | 'description'
  | 'specification'
  | 'shipping'
  | 'wishlist'
  | 'qty'
  | 'similar'
  | 'contents'
  | 'onThisPage'
  | 'editPage'
  | 'lastUpdated'
  | 'wasHelpful'
  | 'yes'
  | 'no'
  | 'version'
  | 'menu'
  | 'language'
  | 'example'
  | 'note'
  | 'warning'
  | 'daysAgo'
  | 'author'
  | 'date'
  | 'wrote'
  | 'moderator'
  | 'member'
  | 'newbie'
  | 'admin'
  | 'sort'
  | 'filter'
  | 'results'
  | 'showMore'
  | 'signature'
  | 'permalink'
  | 'markSolved'
  | 'whoIsOnline'
  | 'attachments'
  | 'jumpTo'
  | 'powered'
  | 'help'
  | 'about'
  | 'blog'
  | 'news'
  | 'events'
  | 'products'
  | 'ingredients'
  | 'method'
  | 'servings'
  | 'prepTime';

const table = (text: string): Partial<Record<Word, string>> => {
  const values = text.trim().split(/\s*\|\s*/);
  if (values.length !== keys.length) throw new Error(`words: found ${values.length}, expected ${keys.length}, ending in ${values.at(-1)}`);
  return Object.fromEntries(values.map((value, i) => [keys[i]!, value]));
};

export const words: Readonly<Record<string, Partial<Record<Word, string>>>> = {
  en: table(`Reply|Quote|Edit|Report|Like|Posts|Joined|Location|Topic|Forum|Home|Search|Log in|Register|Log out|FAQ|Members|New posts|Next|Previous|by|says:|Online|Rules
|Contact|Privacy|All rights reserved.|We use cookies to make this site work and to see how it is used.|Accept all|Decline|Settings|Read more|Subscribe|Newsletter|Back to top|Advertisement|Please enable JavaScript to use this page.|Share|Print|Related|Popular|Recent posts|Tags|Categories|Archives|Comments|Leave a comment
|Views|Answers|Score|asked|answered|Cart|Add to cart|Price|In stock|Reviews|Description|Specifications|Shipping and returns|Add to wishlist|Quantity|You may also like|Contents|On this page|Edit this page|Last updated|Was this page helpful?
|Yes|No|Version|Menu|Language|Example|Note|Warning|days ago|Author|Date|wrote|Moderator|Member|New member|Administrator|Sort by|Filter|Results|Show more|Signature|Permalink|Mark as solution|Who is online
|Attachments|Jump to|Powered by|Help|About us|Blog|News|Events|Products|Ingredients|Instructions|Servings|Prep time`),
  de: table(`Antworten|Zitieren|Bearbeiten|Melden|Gefällt mir|Beiträge|Registriert seit|Wohnort|Thema|Forum|Startseite|Suche|Anmelden|Registrieren|Abmelden|FAQ|Mitglieder|Neue Beiträge|Weiter|Zurück|von|sagt:|Online|Regeln
|Kontakt|Datenschutz|Alle Rechte vorbehalten.|Wir verwenden Cookies, damit diese Seite funktioniert und um zu sehen, wie sie genutzt wird.|Alle akzeptieren|Ablehnen|Einstellungen|Weiterlesen|Abonnieren|Newsletter|Nach oben|Anzeige|Bitte aktivieren Sie JavaScript.|Teilen|Drucken|Ähnliche Themen|Beliebt|Neueste Beiträge|Schlagwörter|Kategorien|Archiv|Kommentare|Kommentar schreiben
|Aufrufe|Antworten|Bewertung|gefragt|geantwortet|Warenkorb|In den Warenkorb|Preis|Auf Lager|Bewertungen|Beschreibung|Technische Daten|Versand und Rückgabe|Auf den Merkzettel|Menge|Das könnte Ihnen auch gefallen|Inhalt|Auf dieser Seite|Seite bearbeiten|Zuletzt geändert|War diese Seite hilfreich?
|Ja|Nein|Version|Menü|Sprache|Beispiel|Hinweis|Achtung|Tagen|Autor|Datum|schrieb|Moderator|Mitglied|Neu hier|Administrator|Sortieren|Filtern|Ergebnisse|Mehr anzeigen|Signatur|Link|Als Lösung markieren|Wer ist online?
|Dateianhänge|Gehe zu|Betrieben mit|Hilfe|Über uns|Blog|Aktuelles|Termine|Produkte|Zutaten|Zubereitung|Portionen|Vorbereitungszeit`),
  fr: table(`Répondre|Citer|Modifier|Signaler|J’aime|Messages|Inscription|Localisation|Sujet|Forum|Accueil|Rechercher|Connexion|S’enregistrer|Déconnexion|FAQ|Membres|Nouveaux messages|Suivant|Précédent|par|dit :|En ligne|Règlement
|Contact|Confidentialité|Tous droits réservés.|Nous utilisons des cookies pour faire fonctionner ce site et mesurer son audience.|Tout accepter|Refuser|Paramètres|Lire la suite|S’abonner|Lettre d’information|Haut de page|Publicité|Veuillez activer JavaScript.|Partager|Imprimer|Sujets similaires|Populaire|Articles récents|Étiquettes|Catégories|Archives|Commentaires|Laisser un commentaire
|Vues|Réponses|Score|demandé|répondu|Panier|Ajouter au panier|Prix|En stock|Avis|Description|Caractéristiques|Livraison et retours|Ajouter à ma liste|Quantité|Vous aimerez aussi|Sommaire|Sur cette page|Modifier cette page|Dernière mise à jour|Cette page vous a-t-elle aidé ?
|Oui|Non|Version|Menu|Langue|Exemple|Remarque|Attention|jours|Auteur|Date|a écrit|Modérateur|Membre|Nouveau membre|Administrateur|Trier|Filtrer|Résultats|Afficher plus|Signature|Permalien|Marquer comme solution|Qui est en ligne ?
|Pièces jointes|Aller à|Propulsé par|Aide|À propos|Blog|Actualités|Agenda|Produits|Ingrédients|Préparation|Portions|Temps de préparation`),
  es: table(`Responder|Citar|Editar|Reportar|Me gusta|Mensajes|Registrado|Ubicación|Tema|Foro|Inicio|Buscar|Iniciar sesión|Registrarse|Salir|FAQ|Miembros|Mensajes nuevos|Siguiente|Anterior|por|dice:|En línea|Normas
|Contacto|Privacidad|Todos los derechos reservados.|Usamos cookies para que este sitio funcione y para saber cómo se usa.|Aceptar todo|Rechazar|Ajustes|Leer más|Suscribirse|Boletín|Volver arriba|Publicidad|Active JavaScript para ver esta página.|Compartir|Imprimir|Temas similares|Popular|Entradas recientes|Etiquetas|Categorías|Archivo|Comentarios|Deja un comentario
|Visitas|Respuestas|Puntuación|preguntó|respondió|Carrito|Añadir al carrito|Precio|En existencias|Opiniones|Descripción|Especificaciones|Envío y devoluciones|Añadir a favoritos|Cantidad|También te puede gustar|Contenido|En esta página|Editar esta página|Última actualización|¿Le ha sido útil esta página?
|Sí|No|Versión|Menú|Idioma|Ejemplo|Nota|Aviso|días|Autor|Fecha|escribió|Moderador|Miembro|Nuevo|Administrador|Ordenar|Filtrar|Resultados|Mostrar más|Firma|Enlace|Marcar como solución|¿Quién está conectado?
|Adjuntos|Ir a|Desarrollado por|Ayuda|Quiénes somos|Blog|Noticias|Agenda|Productos|Ingredientes|Preparación|Raciones|Tiempo`),
  ru: table(`Ответить|Цитата|Изменить|Пожаловаться|Нравится|Сообщения|Зарегистрирован|Откуда|Тема|Форум|Главная|Поиск|Вход|Регистрация|Выход|Вопросы|Участники|Новые сообщения|След.|Пред.|от|пишет:|В сети|Правила
|Контакты|Конфиденциальность|Все права защищены.|Мы используем файлы cookie, чтобы сайт работал и чтобы знать, как им пользуются.|Принять|Отклонить|Настройки|Читать далее|Подписаться|Рассылка|Наверх|Реклама|Включите JavaScript.|Поделиться|Печать|Похожие темы|Популярное|Свежие записи|Метки|Рубрики|Архив|Комментарии|Оставить комментарий
|Просмотры|Ответы|Оценка|спросил|ответил|Корзина|В корзину|Цена|В наличии|Отзывы|Описание|Характеристики|Доставка и возврат|В избранное|Количество|Вам может понравиться|Содержание|На этой странице|Править страницу|Обновлено|Была ли страница полезна?
|Да|Нет|Версия|Меню|Язык|Пример|Примечание|Внимание|дня назад|Автор|Дата|писал(а)|Модератор|Участник|Новичок|Администратор|Сортировка|Фильтр|Результаты|Показать ещё|Подпись|Ссылка|Отметить как решение|Кто сейчас на форуме
|Вложения|Перейти|Работает на|Справка|О нас|Блог|Новости|События|Товары|Ингредиенты|Приготовление|Порции|Время`),
  ja: table(`返信|引用|編集|報告|いいね|投稿|登録日|場所|トピック|掲示板|ホーム|検索|ログイン|新規登録|ログアウト|よくある質問|会員|新着|次へ|前へ|投稿者|より:|オンライン|ルール
|お問い合わせ|プライバシー|無断転載を禁じます。|当サイトではクッキーを使用しています。|同意する|拒否する|設定|続きを読む|購読する|メールマガジン|ページの先頭へ|広告|JavaScriptを有効にしてください。|シェア|印刷|関連記事|人気|最近の投稿|タグ|カテゴリー|アーカイブ|コメント|コメントを残す
|閲覧|回答|評価|質問|回答|カート|カートに入れる|価格|在庫あり|レビュー|商品説明|仕様|配送と返品|お気に入りに追加|数量|おすすめ商品|目次|このページの内容|このページを編集|最終更新|このページは役に立ちましたか?
|はい|いいえ|バージョン|メニュー|言語|例|注意|警告|日前|著者|日付|さんは書きました|モデレーター|会員|新人|管理者|並べ替え|絞り込み|件|もっと見る|署名|固定リンク|解決済みにする|オンラインデータ
|添付ファイル|移動|提供|ヘルプ|会社概要|ブログ|ニュース|イベント|製品|材料|作り方|人分|準備時間`),
  zh: table(`回复|引用|编辑|举报|赞|帖子|注册时间|来自|主题|论坛|首页|搜索|登录|注册|退出|帮助|会员|最新帖子|下一页|上一页|作者|说:|在线|版规
|联系我们|隐私政策|版权所有。|本网站使用 Cookie 以提供服务并统计访问情况。|全部接受|拒绝|设置|阅读全文|订阅|邮件订阅|返回顶部|广告|请启用 JavaScript。|分享|打印|相关主题|热门|最新文章|标签|分类|归档|评论|发表评论
|查看|回答|评分|提问|回答|购物车|加入购物车|价格|有货|评价|商品介绍|规格参数|配送与退换|加入收藏|数量|猜你喜欢|目录|本页内容|编辑此页|最后更新|此页对您有帮助吗?
|是|否|版本|菜单|语言|示例|注意|警告|天前|作者|日期|发表于|版主|会员|新手上路|管理员|排序|筛选|条结果|查看更多|签名|链接|设为最佳答案|当前在线
|附件|跳转到|技术支持|帮助|关于我们|博客|新闻|活动|产品|食材|做法|人份|准备时间`),
};
